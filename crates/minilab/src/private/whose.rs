//! Whose files and processes are, in words.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// A user's name and number, as far as `/etc/passwd` knows it.
pub(super) fn user(id: u32) -> String {
    let passwd = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = passwd.lines().find_map(|line| {
        let mut parts = line.split(':');
        let (name, number) = (parts.next()?, parts.nth(1)?);
        (number.parse() == Ok(id)).then(|| name.to_owned())
    });
    name.map_or_else(|| format!("user {id}"), |name| format!("user {name} ({id})"))
}

/// Why this process may not use `path`: whose it is, or whose the directory is that it lies in.
pub(super) fn trouble(path: &Path) -> Option<String> {
    let there = path.ancestors().find(|place| place.symlink_metadata().is_ok())?;
    let owner = there.symlink_metadata().ok()?.uid();
    let me = rustix::process::geteuid().as_raw();
    let (path, there) = (path.display(), there.display());
    let belongs = if path.to_string() == there.to_string() {
        format!("{path} belongs to {}", user(owner))
    } else {
        format!("{path} cannot be used: {there} belongs to {}", user(owner))
    };
    Some(format!("{belongs}, and this process runs as {} and may not use it", user(me)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_whose_a_file_is_and_who_may_not_use_it() {
        let of_root = trouble(Path::new("/etc/passwd")).unwrap();
        assert!(of_root.starts_with("/etc/passwd belongs to user root (0), and this"), "{of_root}");
        let missing = trouble(Path::new("/etc/no/such/file")).unwrap();
        assert!(
            missing.contains("file cannot be used: /etc belongs to user root (0)"),
            "{missing}"
        );
        assert_eq!(user(4_294_967_290), "user 4294967290");
    }
}
