//! Every session of the README, word by word, on a fresh data directory.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use e2e::{files_below, program};

/// Where the README has the service; the test has it where there is room.
const ADDRESS: &str = "127.0.0.1:8000";

/// A command, with its further lines, and the lines it is to answer.
#[derive(Debug)]
struct Step {
    command: String,
    answers: Vec<String>,
}

/// Blocks are indented; a `$ ` starts a command, which goes on behind `\` and `|`.
fn steps(readme: &str) -> Vec<Step> {
    let mut steps = Vec::<Step>::new();
    let mut goes_on = false;
    for line in readme.lines().filter_map(|line| line.strip_prefix("    ")) {
        if let Some(command) = line.strip_prefix("$ ") {
            steps.push(Step { command: command.to_owned(), answers: Vec::new() });
        } else if let Some(step) = steps.last_mut() {
            if goes_on {
                step.command.push('\n');
                step.command.push_str(line);
            } else {
                step.answers.push(line.to_owned());
            }
        }
        goes_on = (goes_on || line.starts_with("$ ")) && line.ends_with(['\\', '|']);
    }
    steps
}

/// Ids and tokens are others each time.
fn shape(line: &str) -> String {
    let line = match line.find("/l/") {
        Some(at) => format!("{}/l/TOKEN", &line[..at]),
        None => line.to_owned(),
    };
    line.split('"')
        .map(|part| if part.len() == 36 && part.matches('-').count() == 4 { "ID" } else { part })
        .collect::<Vec<_>>()
        .join("\"")
}

/// The service, as `make run` starts it.
struct Served(Child);

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it on a new lab and reads, as a person would, where it is and how to get in.
fn serve(folder: &Path) -> (Served, String) {
    let mut server = Command::new(folder.join("target/release/minilab"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data", "./data"])
        .current_dir(folder)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary can be started");
    let mut log = BufReader::new(server.stderr.take().expect("it is piped"));
    let server = Served(server);
    let mut link = None;
    while link.is_none() {
        let mut line = String::new();
        assert_ne!(log.read_line(&mut line).expect("logs are UTF-8"), 0, "it ended");
        // On a line of its own, with nothing around it.
        let alone = line.trim();
        link = Some(alone.to_owned()).filter(|text| text.starts_with("http://"));
    }
    // Somebody has to read on, or the server waits for them.
    std::thread::spawn(move || log.lines().map_while(Result::ok).for_each(drop));
    let link = link.expect("found");
    let (origin, token) = link.split_once("/setup#mls_").expect("a link for setting up");
    assert!(!token.contains(char::is_whitespace), "{link}");
    let address = origin.trim_start_matches("http://").to_owned();
    (server, address)
}

/// What somebody has at hand.
fn lay_out(folder: &Path) {
    let release = folder.join("target/release");
    fs::create_dir_all(&release).expect("a folder");
    std::os::unix::fs::symlink(program(), release.join("minilab")).expect("a link");
    let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    let picture = |name: &str| fs::read(testdata.join(name)).expect("a picture of the repository");
    let mut others = files_below(&testdata.join("photos"));
    others.retain(|path: &PathBuf| path.extension().is_some_and(|found| found == "jpg"));
    others.sort();
    for (name, bytes) in [
        ("cat.jpg", picture("formats/image__cat.jpg")),
        ("a.jpg", fs::read(&others[0]).expect("a picture")),
        ("b.jpg", fs::read(&others[1]).expect("a picture")),
        ("notes.txt", b"Feed the cat.\n".to_vec()),
    ] {
        fs::write(folder.join(name), bytes).expect("a file");
    }
}

#[test]
fn every_session_of_the_readme_runs_word_by_word() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md");
    let readme = fs::read_to_string(readme).expect("it is there");
    let steps = steps(&readme);
    assert!(steps.len() >= 12, "{steps:#?}");
    let folder = tempfile::tempdir().expect("a temporary directory");
    lay_out(folder.path());
    let (server, address) = serve(folder.path());
    let mut script = "set -euo pipefail\n".to_owned();
    for (number, step) in steps.iter().enumerate() {
        script.push_str(&step.command.replace(ADDRESS, &address));
        writeln!(script, "\necho '--- {number}'").expect("a string takes everything");
    }
    let ran = Command::new("bash").arg("-c").arg(&script).current_dir(folder.path()).output();
    let ran = ran.expect("bash can be started");
    let said = String::from_utf8_lossy(&ran.stdout).replace(&address, ADDRESS);
    let complaints = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{said}\n{complaints}");
    let mut lines = said.lines();
    for (number, step) in steps.iter().enumerate() {
        let end = format!("--- {number}");
        let answers = lines.by_ref().take_while(|line| *line != end).map(shape).collect::<Vec<_>>();
        let expected = step.answers.iter().map(|line| shape(line)).collect::<Vec<_>>();
        assert_eq!(answers, expected, "{}", step.command);
    }
    drop(server);
}
