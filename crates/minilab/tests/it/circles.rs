//! No two files import each other, however long the way is.
//!
//! An import of what another file hands on counts as one of where it is defined. A folder's own file and
//! those in the folder are one family: only imports between families, and between siblings, count.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::house::rust_files;

/// Formats that nest: an IPTC block holds a JPEG and an Exif block, and both may hold an IPTC block.
/// `location::Work` counts how deep.
const NESTED: [&str; 3] = ["location/iptc", "location/jpeg", "location/tiff"];

/// A module's name, part by part; that of the crate is empty.
type Module = Vec<String>;
/// The parts of a path in the source, such as `crate`, `http`, `Problem`.
type Words = Vec<String>;

/// The modules of a crate and what each says.
struct Source(BTreeMap<Module, String>);

impl Source {
    fn of(package: &str) -> Self {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("src");
        let module = |path: &Path| {
            let path = path.strip_prefix(&source).unwrap().with_extension("");
            let mut parts = path.iter().map(|part| part.to_str().unwrap().to_owned());
            let mut parts = parts.by_ref().collect::<Module>();
            if parts.last().is_some_and(|last| ["mod", "lib", "main"].contains(&&**last)) {
                parts.pop();
            }
            parts
        };
        let files = rust_files(&source);
        Self(files.into_iter().map(|(path, text)| (module(&path), code(&text))).collect())
    }

    /// The module that a path leads into, seen from another one, and what is named there.
    fn resolve(&self, from: &Module, path: &Words) -> Option<(Module, String)> {
        let mut full = match &*path[0] {
            "crate" => Module::new(),
            "self" | "super" => from.clone(),
            child => {
                let mut full = from.clone();
                full.push(child.to_owned());
                if !self.0.contains_key(&full) {
                    return None;
                }
                from.clone()
            }
        };
        for word in path {
            match &**word {
                "crate" | "self" => {}
                "super" => _ = full.pop(),
                word => full.push(word.to_owned()),
            }
        }
        let named = path.last().cloned()?;
        while !self.0.contains_key(&full) {
            full.pop()?;
        }
        Some((full, named))
    }

    /// Where what is named in a module is defined: it may only be handed on there.
    fn definition(&self, mut module: Module, named: &str) -> Module {
        for _ in 0..8 {
            let handed = uses(&self.0[&module]).into_iter().filter(|(is_public, _)| *is_public);
            let Some((_, path)) =
                handed.into_iter().find(|(_, path)| path.last().unwrap() == named)
            else {
                break;
            };
            match self.resolve(&module, &path) {
                Some((next, _)) if next != module => module = next,
                _ => break,
            }
        }
        module
    }

    /// What each module imports.
    fn imports(&self) -> BTreeMap<Module, BTreeSet<Module>> {
        let of = |module: &Module, text: &str| {
            let used = uses(text).into_iter().filter(|(is_public, _)| !is_public);
            let paths = used.map(|(_, path)| path).chain(inline(text));
            let resolved = paths.filter_map(|path| self.resolve(module, &path));
            let found = resolved.map(|(into, named)| self.definition(into, &named));
            let is_family =
                |other: &Module| other.starts_with(module) || module.starts_with(&other[..]);
            found.filter(|other| !is_family(other)).collect()
        };
        self.0.iter().map(|(module, text)| (module.clone(), of(module, text))).collect()
    }
}

/// The text without remarks and tests.
fn code(text: &str) -> String {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap();
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

/// The paths that are imported, and whether they are handed on.
fn uses(text: &str) -> Vec<(bool, Words)> {
    let mut found = Vec::new();
    for statement in text.split(';') {
        let Some(at) = statement.rfind("use ").filter(|at| is_start(&statement[..*at])) else {
            continue;
        };
        let is_public = statement[..at].trim_end().ends_with(['b', ')']);
        let mut paths = Vec::new();
        expand(&statement[at + 4..], &Words::new(), &mut paths);
        found.extend(paths.into_iter().map(|path| (is_public, path)));
    }
    found
}

/// Whether a statement may begin behind this text.
fn is_start(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap().trim();
    line.is_empty() || line.starts_with("pub")
}

/// The paths of a tree such as `a::{b, c::{d, self}}`.
fn expand(tree: &str, before: &Words, found: &mut Vec<Words>) {
    let tree = tree.trim();
    let Some((head, rest)) = tree.split_once('{') else {
        let tree = tree.split(" as ").next().unwrap();
        let words = tree.split("::").map(str::trim).filter(|word| !word.is_empty());
        let path = before.iter().cloned().chain(words.map(str::to_owned)).collect::<Words>();
        found.extend((!path.is_empty()).then_some(path));
        return;
    };
    let words = head.split("::").map(str::trim).filter(|word| !word.is_empty());
    let before = before.iter().cloned().chain(words.map(str::to_owned)).collect::<Words>();
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut start) = (0, 0);
    for (at, c) in inner.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                expand(&inner[start..at], &before, found);
                start = at + 1;
            }
            _ => {}
        }
    }
    if !inner[start..].trim().is_empty() {
        expand(&inner[start..], &before, found);
    }
}

/// Paths that stand in the code itself, such as `crate::clock::day(…)`.
fn inline(text: &str) -> Vec<Words> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    let paths = text.split(|c: char| !is_word(c));
    let paths = paths.filter(|path| {
        ["crate::", "super::", "self::"].iter().any(|start| path.starts_with(start))
    });
    let words =
        |path: &str| path.split("::").filter(|word| !word.is_empty()).map(str::to_owned).collect();
    paths.map(words).collect()
}

/// All that a module reaches.
fn reached<'a>(
    imports: &'a BTreeMap<Module, BTreeSet<Module>>,
    from: &'a Module,
) -> BTreeSet<&'a Module> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(module) = open.pop() {
        for next in &imports[module] {
            if seen.insert(next) {
                open.push(next);
            }
        }
    }
    seen
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    for (package, known) in [("minilab", &[][..]), ("pixels", &NESTED[..])] {
        let imports = Source::of(package).imports();
        let arrows = imports.values().map(BTreeSet::len).sum::<usize>();
        assert!(arrows > imports.len(), "{package}: the imports were not read");
        let in_circles = imports.keys().filter(|module| reached(&imports, module).contains(module));
        let names = in_circles.map(|module| module.join("/")).collect::<Vec<_>>();
        assert_eq!(names, known, "{package}");
    }
}

#[test]
fn trees_of_imports_are_read_to_their_leaves() {
    let text = "use a::{b, c::{d, self as e}};\npub(crate) use f::g as h;\nlet x = crate::y::z(1);";
    let read = uses(text).into_iter().map(|(is_public, path)| (is_public, path.join("::")));
    let expected = [(false, "a::b"), (false, "a::c::d"), (false, "a::c::self"), (true, "f::g")];
    assert_eq!(read.collect::<Vec<_>>(), expected.map(|(is, path)| (is, path.to_owned())));
    assert_eq!(inline(text), [["crate", "y", "z"]]);
}
