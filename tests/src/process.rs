//! The binary `regulars`, built once, and a server made of it.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Far longer than anything here takes: a guard against a hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// The API's token of every server here.
pub(crate) const TOKEN: &str = "the-token-of-these-tests";

/// The file of the workspace at `path`.
pub(crate) fn workspace(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path).canonicalize().unwrap()
}

/// The binary that cargo built beside these tests: the crate `regulars` has a test of its
/// own process (`infra/local/tests`), so `cargo test --workspace` builds it first.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        // target/<profile>/deps/<this test>
        let here = std::env::current_exe().unwrap();
        let binary = here.parent().and_then(Path::parent).unwrap().join("regulars");
        let how = "run `cargo test --workspace`, or `cargo build -p regulars` first";
        assert!(binary.exists(), "{} isn't built: {how}", binary.display());
        binary
    })
}

/// `regulars` with these arguments, in a directory, and nothing of ours in the
/// environment but the API's token.
pub(crate) fn regulars(dir: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("REGULARS_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .current_dir(dir)
        .env_remove("RUST_LOG")
        .env("REGULARS_API_TOKEN", TOKEN);
    command
}

/// Runs a command to its end: exit code, standard output, standard error.
#[track_caller]
pub(crate) fn run(dir: &Path, arguments: &[&str]) -> (i32, String, String) {
    told(&regulars(dir, arguments).output().unwrap())
}

pub(crate) fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// A running server. It is stopped when it goes out of scope.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
    /// What it says on standard output and standard error. Both are read all the time: a
    /// pipe nobody reads would stop the server.
    told: Arc<Mutex<String>>,
    said: JoinHandle<String>,
}

impl Server {
    /// Starts `regulars serve` on a free port and waits until it answers.
    #[track_caller]
    pub(crate) fn start(dir: &Path, arguments: &[&str]) -> Self {
        let all = [&["serve", "--listen", "127.0.0.1:0"], arguments].concat();
        Self::of(regulars(dir, &all))
    }

    /// Starts a server of any command line.
    #[track_caller]
    pub(crate) fn of(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = child.stderr.take().unwrap();
        let said = std::thread::spawn(move || {
            let mut text = String::new();
            errors.read_to_string(&mut text).unwrap();
            text
        });
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (tell, heard) = mpsc::channel();
        let told = Arc::new(Mutex::new(String::new()));
        std::thread::spawn({
            let told = Arc::clone(&told);
            move || {
                let mut address = None;
                for line in lines.map_while(Result::ok) {
                    writeln!(told.lock().unwrap(), "{line}").unwrap();
                    if let Some((_, rest)) = line.split_once("running at http://") {
                        address = Some(rest.split_once(". ").unwrap().0.parse().unwrap());
                    }
                    // The last line of the start text; the test may have ended meanwhile.
                    if let Some(address) = address.filter(|_| line.contains("/api/v1/")) {
                        let _ = tell.send(address);
                    }
                }
            }
        });
        let Ok(address) = heard.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            panic!("the server didn't start: {}{}", told.lock().unwrap(), said.join().unwrap());
        };
        let server = Self { child, address, told, said };
        assert_eq!(server.get("/healthz"), (200, "ok".to_owned()));
        server
    }

    /// What it said on standard output so far.
    pub(crate) fn told(&self) -> String {
        self.told.lock().unwrap().clone()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn get(&self, path: &str) -> (u16, String) {
        self.ask("GET", path, "")
    }

    pub(crate) fn post(&self, path: &str, body: &str) -> (u16, String) {
        self.ask("POST", path, body)
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> (u16, String) {
        let mut connection = self.connect();
        write!(connection, "{}{body}", self.head(method, path, body.len())).unwrap();
        answer(connection)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let connection = TcpStream::connect(self.address).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        connection
    }

    pub(crate) fn head(&self, method: &str, path: &str, length: usize) -> String {
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {TOKEN}\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n",
            self.address
        )
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits for its end: the exit code, -1 where a signal ended it.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> i32 {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().unwrap_or(-1);
            }
            assert!(started.elapsed() < PATIENCE, "the server doesn't stop");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Stops it as a service manager does, and gives what it said on standard error.
    #[track_caller]
    pub(crate) fn stop(mut self) -> String {
        self.signal("TERM");
        let code = self.ends();
        let said = std::mem::replace(&mut self.said, std::thread::spawn(String::new));
        let said = said.join().unwrap();
        assert_eq!(code, 0, "{said}");
        said
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // By a signal that lets it tidy up; by the other one if a test failed.
        if let Ok(None) = self.child.try_wait() {
            match std::thread::panicking() {
                true => drop(self.child.kill()),
                false => self.signal("TERM"),
            }
            let _ = self.child.wait();
        }
    }
}

/// Reads an answer to its end: status and body.
pub(crate) fn answer(mut connection: TcpStream) -> (u16, String) {
    let mut text = String::new();
    connection.read_to_string(&mut text).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
