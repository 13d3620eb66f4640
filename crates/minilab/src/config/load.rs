//! Reads the file and the environment, and reports all that is wrong at once.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use toml::{Table, Value};

use super::Config;
use crate::http::words::plain;
use crate::redact::redact;

const PREFIX: &str = "MINILAB__";

/// Everything that is wrong with the settings, one line each.
#[derive(Debug, thiserror::Error)]
#[error("the settings are not usable:\n  {}", .0.join("\n  "))]
pub struct Problems(pub Vec<String>);

/// Defaults, then `file`, then `variables` of the environment, then what the command line said.
pub fn load(
    file: Option<&Path>,
    variables: impl Iterator<Item = (String, String)>,
    overrides: impl FnOnce(&mut Config),
) -> Result<Config, Problems> {
    let defaults = Table::try_from(Config::default()).expect("settings are plain values");
    let mut problems = Vec::new();
    let mut given = BTreeMap::new();
    if let Some(file) = file {
        match read(file) {
            Ok(table) => flatten("", &table, &defaults, &mut given),
            Err(problem) => problems.push(problem),
        }
    }
    for (name, text) in variables {
        if let Some(key) = name.strip_prefix(PREFIX) {
            from_variable(&name, key, &text, &defaults, &mut given, &mut problems);
        }
    }

    let mut settings = defaults;
    for (key, value) in given {
        // One key at a time, so that each mistake is found and named.
        let mut candidate = settings.clone();
        match set(&mut candidate, &key, value) {
            Err(problem) => problems.push(problem),
            Ok(()) => match Config::deserialize(candidate.clone()) {
                Ok(_) => settings = candidate,
                Err(error) => problems.push(format!("{key}: {}", plain(error.message()))),
            },
        }
    }
    let mut config = Config::deserialize(settings).expect("checked key by key");
    overrides(&mut config);
    problems.extend(config.problems());
    if problems.is_empty() {
        return Ok(config);
    }
    Err(Problems(problems.iter().map(|problem| redact(problem)).collect()))
}

fn read(file: &Path) -> Result<Table, String> {
    let text = std::fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))?;
    // Not the error as it shows itself: it quotes the line, which may be one with a password.
    text.parse::<Table>().map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        format!("{}, line {line}: {}", file.display(), error.message())
    })
}

/// `[a] b = 1` becomes `a.b = 1`; tables are opened only where the defaults have one.
fn flatten(prefix: &str, table: &Table, known: &Table, given: &mut BTreeMap<String, Value>) {
    for (name, value) in table {
        let key = format!("{prefix}{name}");
        match (value, known.get(name)) {
            (Value::Table(inner), Some(Value::Table(known))) => {
                flatten(&format!("{key}."), inner, known, given);
            }
            _ => {
                given.insert(key, value.clone());
            }
        }
    }
}

/// `MINILAB__DATABASE__URL` sets `database.url`, and so does the file that
/// `MINILAB__DATABASE__URL_FILE` names. What the default is decides how the text is read.
fn from_variable(
    name: &str,
    key: &str,
    text: &str,
    defaults: &Table,
    given: &mut BTreeMap<String, Value>,
    problems: &mut Vec<String>,
) {
    let key = key.split("__").map(str::to_ascii_lowercase).collect::<Vec<_>>().join(".");
    // A secret that lies in a file: `MINILAB__DATABASE__URL_FILE=/run/secrets/database-url`.
    if get(defaults, &key).is_none()
        && let Some(key) = key.strip_suffix("_file")
        && let Some(Value::String(_)) = get(defaults, key)
    {
        match std::fs::read_to_string(text) {
            Ok(secret) => {
                given.insert(key.to_owned(), Value::String(secret.trim_end().to_owned()));
            }
            Err(error) => problems.push(format!("{name}: {text}: {error}")),
        }
        return;
    }
    let value = match get(defaults, &key) {
        None | Some(Value::Table(_)) => {
            problems.push(format!("{name}: there is no setting {key}"));
            return;
        }
        Some(Value::String(_)) => Value::String(text.to_owned()),
        // A list of words: names and addresses, between commas, or as the file has it.
        Some(Value::Array(_)) if text.trim_start().starts_with('[') => {
            if let Ok(mut table) = format!("list = {text}").parse::<Table>() {
                table.remove("list").expect("it was just written")
            } else {
                problems.push(format!("{name}: is no list; write items with commas between them"));
                return;
            }
        }
        Some(Value::Array(_)) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::Array(items.map(|item| Value::String(item.to_owned())).collect())
        }
        Some(_) => {
            let parsed = format!("value = {text}").parse::<Table>().ok();
            let Some(value) = parsed.and_then(|mut table| table.remove("value")) else {
                problems.push(format!("{name}: {text:?} is not a value for {key}"));
                return;
            };
            value
        }
    };
    given.insert(key, value);
}

fn get<'a>(table: &'a Table, key: &str) -> Option<&'a Value> {
    match key.split_once('.') {
        None => table.get(key),
        Some((first, rest)) => get(table.get(first)?.as_table()?, rest),
    }
}

fn set(table: &mut Table, key: &str, value: Value) -> Result<(), String> {
    let unknown = || format!("{key}: there is no such setting");
    let (section, name) = key.rsplit_once('.').unwrap_or(("", key));
    let mut place = table;
    for part in section.split('.').filter(|part| !part.is_empty()) {
        place = place.get_mut(part).and_then(Value::as_table_mut).ok_or_else(unknown)?;
    }
    *place.get_mut(name).ok_or_else(unknown)? = value;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load_text(text: &str, variables: &[(&str, &str)]) -> Result<Config, Problems> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let variables = variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        load(Some(file.path()), variables, |_| {})
    }

    #[test]
    fn variables_win_over_the_file_and_the_file_over_defaults() {
        let config = load_text(
            "workers = 3\n[database]\nconnections = 5\n",
            &[("MINILAB__WORKERS", "4"), ("MINILAB__ANONYMOUS", "free"), ("HOME", "/x")],
        )
        .unwrap();
        assert_eq!((config.workers, config.database.connections), (4, 5));
        assert_eq!(config.anonymous, "free");
        assert_eq!(config.listen, Config::default().listen);
    }

    #[test]
    fn a_secret_may_lie_in_a_file() {
        let secret = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(secret.path(), "postgres://me:secret@db/lab\n").unwrap();
        let variable = "MINILAB__DATABASE__URL_FILE";
        let config = load_text("", &[(variable, secret.path().to_str().unwrap())]).unwrap();
        assert_eq!(config.database.url, "postgres://me:secret@db/lab");
        for (name, path) in [(variable, "/nowhere/at/all"), ("MINILAB__WORKERS_FILE", "/dev/null")]
        {
            let problems = load_text("", &[(name, path)]).unwrap_err().0;
            assert!(problems.len() == 1 && problems[0].contains(name), "{problems:?}");
        }
    }

    #[test]
    fn all_problems_are_reported_at_once_each_with_its_key() {
        let problems = load_text(
            "wrokers = 3\nlisten = 7\n[database]\nurl = \"mysql://x\"\n[nothing]\na = 1\n",
            &[("MINILAB__WORKERS", "many"), ("MINILAB__CACHE__SIZE", "1")],
        )
        .unwrap_err()
        .0;
        for key in ["wrokers", "listen", "database.url", "nothing", "workers", "cache.size"] {
            assert!(problems.iter().any(|problem| problem.contains(key)), "{key}: {problems:?}");
        }
        assert_eq!(problems.len(), 6, "{problems:?}");
    }
}
