//! The order of system calls proves it: bytes, then their name, then the row, then the answer.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use e2e::{Engine, Lab, picture, wait};

/// Watches every file and socket call of a process and its threads.
struct Tracer {
    strace: Child,
}

impl Tracer {
    fn attach(pid: u32, output: &Path) -> Self {
        let calls = "openat,link,linkat,fsync,fdatasync,write,writev,pwrite64,sendto,sendmsg";
        let strace = Command::new("strace")
            .args(["-f", "-y", "-s", "64", "-e", &format!("trace={calls}"), "-o"])
            .arg(output)
            .args(["-p", &pid.to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("strace is installed; `make test` does so");
        let tracer = Self { strace };
        wait::until("the tracer is attached", Duration::from_secs(10), || {
            let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
            status
                .lines()
                .any(|line| line == format!("TracerPid:\t{}", tracer.strace.id()))
                .then_some(())
        });
        tracer
    }

    /// Lets the process go; all it did is on paper then.
    fn detach(mut self) {
        let pid = rustix::process::Pid::from_child(&self.strace);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("strace runs");
        wait::until("the tracer lets go", Duration::from_secs(30), || {
            self.strace.try_wait().expect("strace can be waited for")
        });
    }
}

/// The first line from `start` on that has all of the parts; its number.
fn find(lines: &[&str], start: usize, parts: &[&str]) -> usize {
    let has_all = |line: &&str| parts.iter().all(|part| line.contains(part));
    let found = lines[start..].iter().position(has_all);
    start
        + found.unwrap_or_else(|| panic!("no {parts:?} after line {start}:\n{}", lines.join("\n")))
}

#[test]
fn bytes_then_their_name_then_the_row_then_the_answer() {
    let mut lab = Lab::open(Engine::Sqlite);
    let ada = lab.account("ada", "premium");
    let photo = picture::jpeg(&picture::photograph(300, 200), 1);
    let trace = lab.data().join("../trace");
    let tracer = Tracer::attach(lab.server().id(), &trace);
    let id = ada.upload_new("watched.jpg", &photo);
    // Not while the service starts a child to render: strace would wait for the service, which
    // waits for the child, which waits for strace.
    ada.ready(&id);
    tracer.detach();

    let text = std::fs::read_to_string(&trace).expect("a trace");
    let lines: Vec<_> = text.lines().collect();
    let synced = find(&lines, 0, &["fsync(", "/spool/"]);
    let linked = find(&lines, synced, &["link", "/spool/", "/originals/"]);
    let named = find(&lines, linked, &["fsync(", "/originals/"]);
    let logged = find(&lines, named, &["pwrite64(", "minilab.db-wal"]);
    let committed = find(&lines, logged, &["sync(", "minilab.db-wal"]);
    find(&lines, committed, &["HTTP/1.1 201"]);
    let answers = lines.iter().filter(|line| line.contains("HTTP/1.1 201")).count();
    assert_eq!(answers, 1, "no answer before");
    lab.close();
}
