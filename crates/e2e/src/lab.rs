//! A running service with a data directory and a database of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tempfile::TempDir;

use crate::process::{Finished, Process, command, with_open_files};
use crate::wait::until;
use crate::{Caller, Database, Engine, SmallDisk, files_below};

const SERVES_WITHIN: Duration = Duration::from_secs(30);
/// Bytes of deleted images are gone by then.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// Longer than anything could be under way.
const LONG: Duration = Duration::from_hours(48);

/// How a lab is to be started.
pub struct Settings {
    engine: Engine,
    args: Vec<String>,
    variables: Vec<(String, String)>,
    open_files: Option<u64>,
    disk_mib: Option<u32>,
}

impl Settings {
    pub fn on(engine: Engine) -> Self {
        let (args, variables) = (Vec::new(), Vec::new());
        Self { engine, args, variables, open_files: None, disk_mib: None }
    }

    /// One more argument of `serve`.
    #[must_use]
    pub fn arg(mut self, arg: &str) -> Self {
        self.args.push(arg.to_owned());
        self
    }

    /// One more setting, for every process of the lab.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How many files the service may have open.
    #[must_use]
    pub fn open_files(mut self, most: u64) -> Self {
        self.open_files = Some(most);
        self
    }

    /// The data is on a disk of its own of that size; only root can make one.
    #[must_use]
    pub fn disk(mut self, mib: u32) -> Self {
        self.disk_mib = Some(mib);
        self
    }

    pub fn open(self) -> Lab {
        Lab::start(self)
    }
}

/// A running service. A story ends with [`Lab::close`].
pub struct Lab {
    // Dropped in this order: nobody works any more when the database and the files go.
    server: Option<Process>,
    settings: Settings,
    base: Arc<Mutex<String>>,
    starts: u32,
    is_closed: bool,
    _database: Database,
    disk: Option<SmallDisk>,
    folder: TempDir,
}

impl Lab {
    /// Starts the service as it comes, with workers.
    pub fn open(engine: Engine) -> Self {
        Settings::on(engine).open()
    }

    fn start(mut settings: Settings) -> Self {
        let database = Database::create(settings.engine);
        let url = database.url().map(|url| ("MINILAB__DATABASE__URL".to_owned(), url));
        settings.variables.extend(url);
        settings.variables.push(("MINILAB__LOG__FORMAT".to_owned(), "json".to_owned()));
        let folder = tempfile::tempdir().expect("a temporary directory");
        let mib = settings.disk_mib;
        let disk = mib.map(|mib| SmallDisk::mount(&folder.path().join("data"), mib));
        let mut lab = Self {
            server: None,
            settings,
            base: Arc::default(),
            starts: 0,
            is_closed: false,
            _database: database,
            disk,
            folder,
        };
        lab.start_server();
        lab
    }

    fn start_server(&mut self) {
        let mut args = vec!["serve", "--listen", "127.0.0.1:0"];
        args.extend(self.settings.args.iter().map(String::as_str));
        let mut command = self.command(&args);
        if let Some(most) = self.settings.open_files {
            command = with_open_files(&command, most);
        }
        let log = self.next_log("serve");
        let mut server = Process::start(command, &log);
        let line = server.await_line("serving", SERVES_WITHIN);
        let url = line["url"].as_str().expect("the line says where").to_owned();
        *self.base.lock().expect("nobody panics holding it") = url;
        self.server = Some(server);
        let nobody = self.nobody();
        until("ready to serve", SERVES_WITHIN, || {
            (nobody.get("/readyz").status == 200).then_some(())
        });
    }

    fn next_log(&mut self, role: &str) -> PathBuf {
        self.starts += 1;
        let logs = self.folder.path().join("logs");
        std::fs::create_dir_all(&logs).expect("a folder for logs");
        logs.join(format!("{}-{role}.log", self.starts))
    }

    fn command(&self, args: &[&str]) -> std::process::Command {
        let mut command = command(args, &self.settings.variables);
        command.arg("--data").arg(self.data());
        command
    }

    /// Gives the lab's small disk another size.
    pub fn resize_disk(&self, mib: u32) {
        self.disk.as_ref().expect("the lab has a disk of its own").resize(mib);
    }

    /// A place for what a story writes itself.
    pub fn notes(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The data directory.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    pub fn server(&mut self) -> &mut Process {
        self.server.as_mut().expect("the server was started")
    }

    /// Runs a command of the binary on the same data, beside the service.
    pub fn run(&self, args: &[&str]) -> Finished {
        Finished::run(self.command(args))
    }

    /// The same, with something to read on its standard input.
    pub fn run_with_input(&self, args: &[&str], input: &str) -> Finished {
        Finished::run_with_input(self.command(args), input)
    }

    /// Starts a process that only works on jobs.
    pub fn start_worker(&mut self) -> Process {
        let command = self.command(&["work"]);
        let log = self.next_log("work");
        Process::start(command, &log)
    }

    /// Starts a process that only serves, on a port of its own; and somebody to call it.
    pub fn start_server_beside(&mut self) -> (Process, Caller) {
        let command = self.command(&["serve", "--listen", "127.0.0.1:0", "--no-workers"]);
        let log = self.next_log("serve-beside");
        let mut server = Process::start(command, &log);
        let line = server.await_line("serving", SERVES_WITHIN);
        let url = line["url"].as_str().expect("the line says where").to_owned();
        let nobody = Caller::new(Arc::new(Mutex::new(url)), None);
        until("ready to serve", SERVES_WITHIN, || {
            (nobody.get("/readyz").status == 200).then_some(())
        });
        (server, nobody)
    }

    /// All that the processes of this lab logged so far.
    pub fn logged(&self) -> String {
        let logs = files_below(&self.folder.path().join("logs"));
        let texts = logs.iter().map(|log| std::fs::read_to_string(log).expect("logs are UTF-8"));
        texts.collect()
    }

    /// Makes an account as an operator does, beside the running service.
    #[track_caller]
    pub fn account(&self, name: &str, tier: &str) -> Caller {
        self.account_from(&["account", "add", name, "--tier", tier])
    }

    /// The same, of somebody who may change what is everybody's.
    #[track_caller]
    pub fn admin(&self, name: &str) -> Caller {
        self.account_from(&["account", "add", name, "--tier", "business", "--admin"])
    }

    #[track_caller]
    fn account_from(&self, args: &[&str]) -> Caller {
        let made = self.run(args);
        assert!(made.status.success(), "{made:?}");
        let key = made.stdout.strip_suffix('\n').expect("a line ends");
        let is_one_word = !key.is_empty() && !key.contains(char::is_whitespace);
        assert!(is_one_word, "one key and nothing else: {made:?}");
        self.nobody().with_key(Some(key))
    }

    /// Somebody without a key.
    pub fn nobody(&self) -> Caller {
        Caller::new(self.base.clone(), None)
    }

    /// SIGKILL, as by the kernel that is out of memory.
    pub fn kill(&mut self) {
        self.server.take().expect("the server was started").kill();
    }

    /// SIGTERM; the process ends in good time and without an error.
    pub fn stop(&mut self) {
        self.server.take().expect("the server was started").stop();
    }

    /// Starts the service again, on the data that is there.
    pub fn restart(&mut self) {
        assert!(self.server.is_none(), "kill it or stop it first");
        self.start_server();
    }

    /// As [`Self::restart`], with other arguments than before.
    pub fn restart_with(&mut self, args: &[&str]) {
        self.settings.args = args.iter().map(|&arg| arg.to_owned()).collect();
        self.restart();
    }

    pub fn originals(&self) -> Vec<PathBuf> {
        files_below(&self.data().join("blobs/originals"))
    }

    /// Every stored byte: originals, variants, whatever there may be.
    pub fn blobs(&self) -> Vec<PathBuf> {
        let mut files = files_below(&self.data().join("blobs"));
        // It says whose files these are, and is nobody's picture.
        files.retain(|path| !path.ends_with("lab-id"));
        files
    }

    /// Files that wait for their commit; the locks of the processes that run are no files of anybody.
    pub fn spooled(&self) -> Vec<PathBuf> {
        let mut files = files_below(&self.data().join("spool"));
        files.retain(|path| path.extension().is_none_or(|extension| extension != "lock"));
        files
    }

    /// A spool file goes a moment after what it was for: the answer, or the print in its place.
    #[track_caller]
    pub fn expect_nothing_spooled(&self) {
        let gone = crate::wait::try_until(GONE_WITHIN, || self.spooled().is_empty().then_some(()));
        assert!(gone.is_some(), "still there: {:?}", self.spooled());
    }

    /// Everything that was uploaded is deleted: within seconds no byte of it is left.
    #[track_caller]
    pub fn expect_nothing_stored(&self) {
        let gone = crate::wait::try_until(GONE_WITHIN, || {
            (self.blobs().is_empty() && self.spooled().is_empty()).then_some(())
        });
        let (blobs, spooled) = (self.blobs(), self.spooled());
        assert!(gone.is_some(), "still there: {blobs:?} {spooled:?}");
    }

    /// Compares everything stored with everything counted.
    #[track_caller]
    pub fn check(&self) {
        let checked = self.run(&["check", "--deep"]);
        let is_clean = checked.status.success() && checked.stdout == "no difference\n";
        assert!(is_clean, "{checked:?}");
    }

    /// A kill may leave files that no row speaks of; they are swept when they are old. Makes everything
    /// old and has it swept: how many there were. Any other difference is a failure.
    #[track_caller]
    pub fn sweep_orphans(&self) -> usize {
        for path in self.blobs() {
            let aged = File::open(&path).and_then(|file| {
                let modified = file.metadata()?.modified()?;
                file.set_modified(modified - LONG)
            });
            // It may be removed meanwhile.
            assert!(aged.is_ok() || !path.exists(), "{}: {aged:?}", path.display());
        }
        let swept = self.run(&["check", "--deep", "--repair"]);
        let (found, end) = swept.stdout.trim_end().rsplit_once('\n').unwrap_or_default();
        let is_swept = |line: &str| line.starts_with("orphan file: ") && line.ends_with("; mended");
        assert!(found.lines().all(is_swept), "{swept:?}");
        let is_whole = swept.status.success() || end.ends_with(" differences");
        assert!(is_whole, "{swept:?}");
        if !found.is_empty() {
            self.check();
        }
        found.lines().count()
    }

    /// The end of every story: nothing differs, nothing went wrong inside, and it stops cleanly.
    #[track_caller]
    pub fn close(mut self) {
        self.check();
        if self.server.is_some() {
            self.stop();
        }
        for log in files_below(&self.folder.path().join("logs")) {
            expect_no_internal_error(&log);
        }
        self.is_closed = true;
    }
}

/// An error in the log is the service's own fault, never a caller's.
#[track_caller]
fn expect_no_internal_error(log: &Path) {
    let text = std::fs::read_to_string(log).expect("logs are UTF-8");
    let bad = text
        .lines()
        .find(|line| line.contains(r#""level":"ERROR""#) || line.contains("panicked at"));
    assert!(bad.is_none(), "{}: {bad:?}", log.display());
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for log in files_below(&self.folder.path().join("logs")) {
                let text = std::fs::read_to_string(&log).unwrap_or_default();
                let is_quiet = |line: &&str| line.contains(r#""level":"INFO""#);
                let worth_reading = text.lines().filter(|line| !is_quiet(line)).take(40);
                let lines = worth_reading.collect::<Vec<_>>().join("\n");
                eprintln!("what worried {}:\n{lines}", log.display());
            }
            return;
        }
        assert!(self.is_closed, "a story ends with lab.close()");
    }
}
