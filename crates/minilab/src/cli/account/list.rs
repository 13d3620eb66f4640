//! `minilab account list`.

use crate::accounts::{Account, sql};
use crate::cli::columns::in_columns;
use crate::clock::day;
use crate::counters::{self, CounterScope};
use crate::db::Db;
use crate::fetch_all;
use crate::ids::AccountId;

const PAGE: i64 = 500;
const HEAD: [&str; 7] = ["NAME", "TIER", "ADMIN", "STATE", "IMAGES", "BYTES", "SINCE"];

#[derive(sqlx::FromRow)]
struct ListedAccountRow {
    created_ms: i64,
    #[sqlx(flatten)]
    account: Account,
}

/// A line for each account, in columns, with a head above.
pub(super) async fn table(db: &Db) -> anyhow::Result<String> {
    let mut conn = db.read().await?;
    let mut lines = vec![HEAD.map(str::to_owned)];
    let mut after = AccountId::nil();
    loop {
        let rows = fetch_all!(&mut conn, ListedAccountRow, sql::SELECT_PAGE, after, PAGE, 0)?;
        let Some(last) = rows.last() else { break };
        after = last.account.id;
        for ListedAccountRow { created_ms, account } in rows {
            let counted = counters::of(&mut conn, CounterScope::Account(account.id)).await?;
            lines.push([
                account.name,
                account.tier,
                if account.is_admin { "yes" } else { "no" }.to_owned(),
                if account.suspended { "suspended" } else { "active" }.to_owned(),
                counted.images.to_string(),
                counted.bytes.to_string(),
                day(created_ms),
            ]);
        }
    }
    Ok(in_columns(&lines))
}
