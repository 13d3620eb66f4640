//! The API's page shows every operation, and a reader can try one with a key. It needs nobody else.

use e2e::{Engine, Lab};

use super::window;

#[test]
fn the_api_page() {
    let lab = Lab::open(Engine::Sqlite);
    let ada = lab.account("ada", "premium");
    let origin = format!("http://{}/", ada.address());
    let page = window(&origin, "the-api-page");
    page.resize(1200, 1600);
    page.go("docs");
    page.until("document.querySelectorAll('.opblock').length > 10");

    page.click(".btn.authorize");
    page.until("!!document.querySelector('.modal-ux input')");
    page.fill(".modal-ux input", ada.key());
    page.click(".modal-ux button[type=submit]");
    page.click(".modal-ux .btn-done");
    let me = "#operations-account-show_me";
    page.click(&format!("{me} .opblock-summary-control"));
    page.until(&format!("!!document.querySelector('{me} .try-out__btn')"));
    page.click(&format!("{me} .try-out__btn"));
    page.until(&format!("!!document.querySelector('{me} .execute')"));
    page.click(&format!("{me} .execute"));
    page.until(&format!(
        "document.querySelector('{me} .live-responses-table')?.textContent.includes('premium')"
    ));
    page.shot("tried");

    page.expect_own_requests_only();
    page.expect_quiet_console();
    drop(page);
    lab.close();
}
