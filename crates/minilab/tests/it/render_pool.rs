//! The render pool keeps its promises: bounded, sealed off, and never the service's undoing.

use std::io::{Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use minilab::ids::AccountId;
use minilab::render_pool::{Load, RenderError, RenderPool, RendererConfig};
use pixels::{Limits, OutputFormat, Recipe};

use crate::support::pictures::{bmp, undecodable};

fn recipe() -> Recipe {
    Recipe { height: Some(20), format: OutputFormat::Png, ..Recipe::default() }
}

fn real(children: usize) -> RenderPool {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_minilab"));
    RenderPool::new(program, RendererConfig::default(), children)
}

/// A rendering process that does what the script says instead.
fn fake(folder: &Path, script: &str) -> RenderPool {
    let program = folder.join("fake");
    let mut file = std::fs::File::create(&program).unwrap();
    write!(file, "#!/bin/sh\nprintf !\n{script}\n").unwrap();
    file.set_permissions(std::fs::Permissions::from_mode(0o755)).unwrap();
    drop(file);
    let config = RendererConfig { picture_secs: 1, ..RendererConfig::default() };
    RenderPool::new(program, config, 1)
}

async fn render(
    pool: &RenderPool,
    picture: Vec<u8>,
) -> Result<Vec<Result<pixels::Rendered, pixels::Error>>, RenderError> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&picture).unwrap();
    file.rewind().unwrap();
    let load = Load { holder: AccountId::nil(), memory_bytes: 1 << 20, effort: 1 };
    pool.turn(&load).await.render(vec![recipe()], Limits::default(), &file).await
}

#[tokio::test]
async fn a_picture_goes_in_and_prints_come_out_many_times_over() {
    let pool = real(1);
    for seed in 0..5 {
        let rendered = render(&pool, bmp(60, 40, seed)).await.unwrap();
        let print = rendered[0].as_ref().unwrap();
        assert_eq!((print.width, print.height), (30, 20));
        assert!(print.bytes.starts_with(b"\x89PNG"));
    }
}

#[tokio::test]
async fn a_broken_picture_is_told_and_the_next_one_is_served() {
    let pool = real(1);
    for seed in 0..3 {
        let broken = render(&pool, undecodable(seed)).await;
        assert!(matches!(broken, Err(RenderError::Picture(_))), "{broken:?}");
        assert!(render(&pool, bmp(60, 40, seed)).await.is_ok());
    }
}

#[tokio::test]
async fn a_child_that_hangs_is_killed_at_the_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let pid = folder.path().join("pid");
    let pool = fake(folder.path(), &format!("echo $$ > {}; exec sleep 60", pid.display()));
    let started = Instant::now();
    let outcome = render(&pool, bmp(60, 40, 1)).await;
    assert!(matches!(outcome, Err(RenderError::TimedOut(1))), "{outcome:?}");
    assert!(started.elapsed() < Duration::from_secs(5));

    let pid = std::fs::read_to_string(pid).unwrap();
    let status = PathBuf::from(format!("/proc/{}/status", pid.trim()));
    let deadline = Instant::now() + Duration::from_secs(5);
    let is_gone = || {
        let status = std::fs::read_to_string(&status);
        status.map_or(true, |status| status.contains("State:\tZ"))
    };
    while !is_gone() {
        assert!(Instant::now() < deadline, "the child is still there");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_child_that_dies_is_replaced_and_its_end_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let pool = fake(folder.path(), "cat > /dev/null & echo farewell >&2; kill -SEGV $$");
    for _ in 0..2 {
        let outcome = render(&pool, bmp(600, 400, 1)).await;
        let Err(RenderError::Crashed(end)) = outcome else { panic!("{outcome:?}") };
        assert!(end.how.contains("SIGSEGV"), "{end}");
        assert_eq!(end.words.as_deref(), Some("farewell"));
    }
}

#[tokio::test]
async fn a_child_that_lies_about_its_prints_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    // It promises five bytes; three come.
    let made = r#"{"outcome":{"Ok":[{"Ok":{"format":"png","width":1,"height":1,"frames":1,"is_truncated":false,"bytes":5}}]},"more":true}"#;
    let length = made.len();
    let script = format!("printf '\\{length:o}\\0\\0\\0%sabc' '{made}'; exit 0");
    let pool = fake(folder.path(), &script);
    let outcome = render(&pool, bmp(6, 4, 1)).await;
    assert!(matches!(outcome, Err(RenderError::Crashed(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_child_that_cannot_start_is_not_the_pictures_fault() {
    let config = RendererConfig::default();
    let pool = RenderPool::new(PathBuf::from("/bin/false"), config, 1);
    let outcome = render(&pool, bmp(6, 4, 1)).await;
    assert!(matches!(outcome, Err(RenderError::Failed(_))), "{outcome:?}");
}

#[test]
fn a_child_has_no_files_no_network_and_little_memory() {
    let (ours, its) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_minilab"))
        .args(["renderer", "300", "77"])
        .stdin(std::os::fd::OwnedFd::from(its))
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let proc = PathBuf::from(format!("/proc/{}", child.id()));
    let deadline = Instant::now() + Duration::from_secs(10);
    let status = loop {
        let status = std::fs::read_to_string(proc.join("status")).unwrap();
        if status.contains("Seccomp:\t2") {
            break status;
        }
        assert!(Instant::now() < deadline, "no filter was installed: {status}");
    };
    assert!(status.contains("NoNewPrivs:\t1"), "{status}");
    let limits = std::fs::read_to_string(proc.join("limits")).unwrap();
    let has_limit = |name: &str, value: u64| {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line.contains(&value.to_string())
    };
    assert!(has_limit("Max address space", 300 << 20), "{limits}");
    assert!(has_limit("Max file size", 0), "{limits}");
    assert!(has_limit("Max core file size", 0), "{limits}");
    // The hard ones, too: they cannot be raised.
    let is_hard = |name: &str, value: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().take(2).all(|limit| limit == value)
    };
    assert!(is_hard("Max cpu time", "77") && is_hard("Max open files", "8"), "{limits}");
    assert!(!limits.contains("Max processes             unlimited"), "{limits}");
    for none in ["CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        let is_root = rustix::process::geteuid().is_root();
        let line = status.lines().find(|line| line.starts_with(none)).unwrap();
        assert!(line.ends_with("\t0000000000000000") || (none == "CapBnd" && !is_root), "{line}");
        assert!(!is_root || status.contains("Uid:\t65534\t65534\t65534\t65534"), "{status}");
    }
    drop(ours);
    assert!(child.wait().unwrap().success(), "it ends with its input");
}
