//! Which modules a module needs: read from their imports, so that a page can ask for all at once. And what is
//! left of a module without its comments.

use super::files;

/// A module and all that it imports, or what those import, each once.
pub(super) fn modules_of(entry: &str) -> Vec<String> {
    let mut modules = vec![entry.to_owned()];
    let mut next = 0;
    while let Some(module) = modules.get(next).cloned() {
        for import in imports(&module) {
            if !modules.contains(&import) {
                modules.push(import);
            }
        }
        next += 1;
    }
    modules
}

/// The names of the files that a module imports. Browsers know relative addresses only.
fn imports(module: &str) -> Vec<String> {
    let text = files::bytes(module).and_then(|bytes| std::str::from_utf8(bytes).ok());
    let lines = text.unwrap_or_default().lines();
    // What is imported for the sake of types is in comments.
    let code = lines.filter(|line| !line.contains("@import")).collect::<Vec<_>>().join("\n");
    let parts = code.split(['"', '\'']).collect::<Vec<_>>();
    let is_import = |before: &str| before.ends_with("from") || before.ends_with("import");
    let imported = parts.windows(2).filter(|pair| is_import(pair[0].trim_end()));
    imported.filter(|pair| pair[1].starts_with('.')).map(|pair| resolve(module, pair[1])).collect()
}

/// The name of a file as seen from another, such as `../api.js` from `pages/library.js`.
fn resolve(from: &str, relative: &str) -> String {
    let mut folders: Vec<_> = from.split('/').collect();
    folders.pop();
    for part in relative.split('/') {
        match part {
            "." => {}
            ".." => drop(folders.pop()),
            name => folders.push(name),
        }
    }
    folders.join("/")
}

/// A module without the comments that have lines of their own; the lines stay, so that a browser's complaint
/// names those of the source.
pub(super) fn without_comments(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut is_inside = false;
    for whole in text.lines() {
        let line = whole.trim();
        let (opens, ends) = (line.starts_with("/*"), line.ends_with("*/"));
        // A type before an expression is on a line of code.
        let is_comment =
            is_inside || line.starts_with("//") || opens && (ends || !line.contains("*/"));
        is_inside = (is_inside || opens && is_comment) && !ends;
        code.push_str(if is_comment { "" } else { whole });
        code.push('\n');
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_import_leads_to_a_file() {
        for (name, _) in files::FILES
            .iter()
            .filter(|(name, _)| files::media_type(name).starts_with("text/javascript"))
        {
            for import in imports(name) {
                assert!(files::bytes(&import).is_some(), "{name} imports {import}");
            }
        }
    }

    #[test]
    fn comments_go_and_code_stays_on_its_line() {
        for (source, left) in [
            ("// why\na();\n", "\na();\n"),
            ("/** What. */\na();\n", "\na();\n"),
            ("/**\n * What.\n */\na();\n", "\n\n\na();\n"),
            ("/** @type {X} */ (a).b();\n", "/** @type {X} */ (a).b();\n"),
            ("a('//'); // why\n", "a('//'); // why\n"),
        ] {
            assert_eq!(without_comments(source), left, "{source}");
        }
    }

    #[test]
    fn a_page_needs_what_its_modules_need() {
        let modules = modules_of("pages/sign-out.js");
        for needed in ["components/brand.js", "api.js", "session.js", "vendor/preact.js"] {
            assert!(modules.iter().any(|module| module == needed), "{needed}: {modules:?}");
        }
        assert!(!modules.iter().any(|module| module == "library.js"), "{modules:?}");
        assert_eq!(resolve("pages/library.js", "../vendor/htm.js"), "vendor/htm.js");
    }
}
