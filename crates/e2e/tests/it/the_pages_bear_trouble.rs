//! The lab is slow, answers nonsense, is away or has forgotten who this is: each page says what is up, and goes
//! on without being loaded anew once all is well.

use e2e::page::Page;
use e2e::{Caller, Engine, Lab, picture};
use serde_json::json;

use super::window;

/// Stands between a page and the lab: what the tab's store names happens to each call.
const TROUBLE: &str = "const lab = window.fetch;
    window.fetch = async (path, options) => {
        const trouble = sessionStorage.getItem('trouble');
        if (trouble === 'away') throw new TypeError('nobody is there');
        if (trouble === 'slow') await new Promise((done) => setTimeout(done, 1500));
        if (trouble === 'nonsense') return new Response('<h1>Bad gateway</h1>', { status: 502 });
        if (trouble === 'list' && path.includes('?limit=')) return new Response('', { status: 500 });
        return lab(path, options);
    };";
const PAGES: [&str; 2] = ["", "upload-links"];

#[test]
fn the_pages_bear_trouble() {
    let lab = Lab::open(Engine::Sqlite);
    let ada = lab.account("ada", "business");
    let photo = picture::jpeg(&picture::photograph(300, 200), 1);
    ada.upload_new("holiday.jpg", &photo);
    let link = ada.json("POST", "/api/v1/upload-links", &json!({ "expires_in": 3600 }));
    let link = link.expect(201).json()["url"].as_str().expect("a text").to_owned();
    let page = window(&format!("http://{}/", ada.address()), "the-pages-bear-trouble");
    page.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({ "source": TROUBLE }));

    come_in(&page, &ada);
    come_while_it_is_away(&page);
    come_while_it_is_slow(&page);
    have_no_list(&page);
    come_by_a_link(&page, &link);
    be_forgotten(&page);

    page.expect_own_requests_only();
    page.expect_quiet_console();
    drop(page);
    lab.close();
}

fn come_in(page: &Page, ada: &Caller) {
    page.go("sign-in");
    page.value(&format!("sessionStorage.setItem('minilab.key', {:?})", ada.key()));
}

fn bring(page: &Page, trouble: &str) {
    page.value(&format!("sessionStorage.setItem('trouble', {trouble:?})"));
}

fn end(page: &Page) {
    page.value("sessionStorage.removeItem('trouble')");
}

/// A mark that is gone when a page is loaded anew.
fn mark(page: &Page) {
    page.value("window.mark = true");
}

#[track_caller]
fn expect_same(page: &Page) {
    assert_eq!(page.value("window.mark"), true, "the page was loaded anew");
}

fn come_while_it_is_away(page: &Page) {
    for (trouble, said) in [
        ("away", "The connection broke. Check the network, then try again."),
        ("nonsense", "The lab did not understand (error 502). Try again in a moment."),
    ] {
        for path in PAGES {
            bring(page, trouble);
            page.go(path);
            page.until_said("#closed-trouble", said);
            assert_eq!(page.text(".door h1"), "Closed");
            mark(page);
            // Nothing has changed yet.
            page.click(".door button");
            page.until_said(".door button", "Try again");
            page.until_said("#closed-trouble", said);
            end(page);
            page.click(".door button");
            page.until_said("#account", "ada");
            expect_same(page);
        }
    }
    bring(page, "away");
    page.go("");
    page.until_said(".door h1", "Closed");
    page.look("closed");
    end(page);
}

fn come_while_it_is_slow(page: &Page) {
    bring(page, "slow");
    for path in PAGES {
        page.go(path);
        page.until_said(".slow", "Asking the lab …");
        page.until_said("#account", "ada");
    }
    end(page);
}

/// The rest of the page is there, and the list comes when it is asked for again.
fn have_no_list(page: &Page) {
    for (path, items) in [("", ".card"), ("upload-links", ".slip")] {
        bring(page, "list");
        page.go(path);
        page.until("document.querySelector('#list-trouble').textContent");
        mark(page);
        page.shot(&format!("no-list-{items}"));
        end(page);
        page.click("#more");
        page.until(&format!("document.querySelectorAll({items:?}).length === 1"));
        assert_eq!(page.text("#list-trouble"), "");
        expect_same(page);
    }
}

fn come_by_a_link(page: &Page, link: &str) {
    bring(page, "away");
    page.visit(link);
    page.until_said(".door h1", "Not now");
    mark(page);
    end(page);
    page.click(".door button");
    page.until_shown("#drop");
    expect_same(page);
}

/// The key is revoked while the page is open; the way back to it is kept.
fn be_forgotten(page: &Page) {
    page.go("upload-links");
    page.until_shown(".slip");
    page.value("sessionStorage.setItem('minilab.key', 'mlk_gone')");
    page.value("document.dispatchEvent(new Event('visibilitychange'))");
    page.until("location.pathname === '/sign-in' && document.activeElement.id === 'key'");
    assert_eq!(page.value("location.search"), "?next=%2Fupload-links");
    page.until_said("#key-mistake", "This key is unknown, expired or revoked.");
}
