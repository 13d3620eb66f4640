//! The API's page shows every operation, and a reader can try one with a key. It needs nobody else.

use std::path::Path;

use e2e::browser::Browser;
use e2e::{Engine, Lab};

#[test]
fn the_api_page() {
    let lab = Lab::open(Engine::Sqlite);
    let ada = lab.account("ada", "premium");
    let origin = format!("http://{}/", ada.address());
    let browser = Browser::open();
    browser.color_scheme("light");
    browser.resize(1200, 1600);
    browser.visit(&format!("{origin}docs"));
    browser.until("document.querySelectorAll('.opblock').length > 10");

    browser.click(".btn.authorize");
    browser.until("!!document.querySelector('.modal-ux input')");
    browser.fill(".modal-ux input", ada.key());
    browser.click(".modal-ux button[type=submit]");
    browser.click(".modal-ux .btn-done");
    let me = "#operations-account-show_me";
    browser.click(&format!("{me} .opblock-summary-control"));
    browser.until(&format!("!!document.querySelector('{me} .try-out__btn')"));
    browser.click(&format!("{me} .try-out__btn"));
    browser.until(&format!("!!document.querySelector('{me} .execute')"));
    browser.click(&format!("{me} .execute"));
    browser.until(&format!(
        "document.querySelector('{me} .live-responses-table')?.textContent.includes('premium')"
    ));
    browser.screenshot(&Path::new(env!("CARGO_TARGET_TMPDIR")).join("the-api-page.png"));

    let foreign: Vec<_> = browser
        .requested()
        .into_iter()
        .filter(|url| url.starts_with("http") && !url.starts_with(&origin))
        .collect();
    assert!(foreign.is_empty(), "{foreign:?}");
    let complaints = browser.console();
    assert!(complaints.is_empty(), "{complaints:?}");
    drop(browser);
    lab.close();
}
