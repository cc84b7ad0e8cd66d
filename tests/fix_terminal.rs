//! `--fix` at a terminal: a token typed unseen, a page waited for, the client's own login.
#![cfg(unix)]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use lab::{Hub, HubState};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};

/// The gate is closed for so many requests with a token: the first examination's and two looks more.
const CLOSED: &str = r#"
[[fault]]
path = "/acme/granted/resolve/"
token = true
times = 5
status = 403
body = "Access to model acme/granted is restricted and you are not in the authorized list."
headers = { x-error-code = "GatedRepo", x-error-message = "Access to model acme/granted is restricted and you are not in the authorized list." }
"#;

/// How long a person waits for the next thing on the screen.
const PATIENCE: Duration = Duration::from_mins(1);

struct Terminal {
    screen: Arc<Mutex<String>>,
    seen: usize,
    keys: Box<dyn Write + Send>,
    child: Box<dyn portable_pty::Child + Send + Sync>,
}

impl Terminal {
    fn start(hub: &Hub, home: &Path, path: &str, more: &[&str]) -> Terminal {
        let pty = native_pty_system()
            .openpty(PtySize { rows: 40, cols: 100, pixel_width: 0, pixel_height: 0 })
            .expect("a pseudo-terminal");
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_hfdoctor"));
        command.args(["--fix", "--trust-endpoint", "--poll", "0.2", "--file", "config.json"]);
        command.args(more);
        command.arg("acme/granted");
        command.env_clear();
        for (name, value) in [("HOME", home.to_str().expect("a path")), ("PATH", path), ("TERM", "xterm")] {
            command.env(name, value);
        }
        command.env("HF_ENDPOINT", hub.endpoint());
        command.env("SSL_CERT_FILE", hub.ca_file());
        command.env("HF_HUB_DISABLE_UPDATE_CHECK", "1");
        command.cwd(home);
        let child = pty.slave.spawn_command(command).expect("it starts");
        drop(pty.slave);
        let screen = Arc::new(Mutex::new(String::new()));
        let (mut reader, shown) = (pty.master.try_clone_reader().expect("a reader"), Arc::clone(&screen));
        let keys = pty.master.take_writer().expect("a writer");
        std::thread::spawn(move || {
            let _open = pty.master;
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                shown.lock().expect("no panic").push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        });
        Terminal { screen, seen: 0, keys, child }
    }

    fn text(&self) -> String {
        self.screen.lock().expect("no panic").clone()
    }

    /// Waits until a text is shown after all that was waited for before.
    fn wait_for(&mut self, text: &str) {
        let begun = Instant::now();
        loop {
            let screen = self.text();
            if let Some(at) = screen[self.seen..].find(text) {
                self.seen += at + text.len();
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "`{text}` is not shown:\n{screen}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn answer(&mut self, question: &str, answer: &str) {
        self.wait_for(question);
        // The echo is switched off just after the question is written.
        std::thread::sleep(Duration::from_millis(200));
        self.keys.write_all(format!("{answer}\r").as_bytes()).expect("the terminal takes keys");
    }

    /// The exit code, once it has ended.
    fn end(&mut self) -> u32 {
        let code = self.child.wait().expect("it ends").exit_code();
        std::thread::sleep(Duration::from_millis(100));
        code
    }
}

fn hub(more: &str) -> Hub {
    Hub::start(HubState::small(more).expect("a good state")).expect("the Hub starts")
}

fn token(hub: &Hub, name: &str) -> String {
    hub.state().token_named(name).expect("a token of that name").value().clone()
}

fn token_file(home: &Path) -> PathBuf {
    home.join(".cache/huggingface/token")
}

#[test]
fn a_token_is_asked_for_unseen_and_stored_once_the_hub_accepts_it() {
    use std::os::unix::fs::PermissionsExt;
    let (hub, home) = (hub(""), tempfile::tempdir().expect("a folder"));
    let mut terminal = Terminal::start(&hub, home.path(), "/usr/bin:/bin", &[]);
    terminal.answer("apply `token-store`", "y");
    terminal.answer("stays unseen", "password123");
    terminal.wait_for("not stored");
    terminal.answer("stays unseen", &token(&hub, "revoked"));
    terminal.wait_for("not stored: it is rejected by the Hub");
    assert!(!token_file(home.path()).exists());
    terminal.answer("stays unseen", &format!("Bearer {}", token(&hub, "reader")));
    assert_eq!(terminal.end(), 0, "{}", terminal.text());
    let stored = std::fs::read_to_string(token_file(home.path())).expect("a token is stored");
    assert_eq!(stored, token(&hub, "reader"));
    let mode = std::fs::metadata(token_file(home.path())).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let screen = terminal.text();
    assert!(!screen.contains(&stored[3..]) && !screen.contains("password123"), "{screen}");
}

#[test]
fn a_gated_page_is_waited_for_until_access_is_there() {
    let (hub, home) = (hub(CLOSED), tempfile::tempdir().expect("a folder"));
    std::fs::create_dir_all(token_file(home.path()).parent().expect("a folder")).expect("made");
    std::fs::write(token_file(home.path()), token(&hub, "reader")).expect("written");
    let mut terminal = Terminal::start(&hub, home.path(), "/nowhere", &[]);
    terminal.answer("apply `gate-open`", "y");
    terminal.wait_for("https://huggingface.co/acme/granted");
    terminal.wait_for("Ctrl-C ends the waiting");
    terminal.wait_for("it is done");
    assert_eq!(terminal.end(), 0, "{}", terminal.text());
}

#[test]
fn ctrl_c_ends_the_waiting_and_the_cause_remains() {
    let closed = CLOSED.replace("times = 5\n", "");
    let (hub, home) = (hub(&closed), tempfile::tempdir().expect("a folder"));
    std::fs::create_dir_all(token_file(home.path()).parent().expect("a folder")).expect("made");
    std::fs::write(token_file(home.path()), token(&hub, "reader")).expect("written");
    let mut terminal = Terminal::start(&hub, home.path(), "/nowhere", &["--poll", "30"]);
    terminal.answer("apply `gate-open`", "y");
    terminal.wait_for("Ctrl-C ends the waiting");
    terminal.keys.write_all(b"\x03").expect("the terminal takes keys");
    terminal.wait_for("not waited for any longer");
    assert_eq!(terminal.end(), 1, "{}", terminal.text());
}

#[test]
fn the_clients_own_login_is_one_key_away() {
    let Some(python) = std::env::var_os("HFDOCTOR_CLIENT_PYTHON").map(PathBuf::from) else {
        eprintln!("LEFT OUT: HFDOCTOR_CLIENT_PYTHON names no Python with huggingface_hub");
        return;
    };
    let (hub, home) = (hub(""), tempfile::tempdir().expect("a folder"));
    let path = format!("{}:/usr/bin:/bin", python.parent().expect("a folder").display());
    let mut terminal = Terminal::start(&hub, home.path(), &path, &[]);
    terminal.answer("apply `token-store`", "y");
    terminal.answer("Enter for `hf auth login`", "");
    // The client has the terminal now; its questions differ from version to version.
    terminal.wait_for("log in");
    std::thread::sleep(Duration::from_millis(500));
    terminal.keys.write_all(b"\x03").expect("the terminal takes keys");
    let begun = Instant::now();
    while terminal.child.try_wait().expect("it can be asked").is_none() {
        assert!(begun.elapsed() < PATIENCE, "{}", terminal.text());
        if terminal.text()[terminal.seen..].contains("apply `gate-open`") {
            terminal.answer("apply `gate-open`", "n");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(terminal.end(), 1);
    let screen = terminal.text();
    assert!(!token_file(home.path()).exists(), "{screen}");
    assert!(screen.contains("token-store") && screen.contains("not applied"), "{screen}");
}
