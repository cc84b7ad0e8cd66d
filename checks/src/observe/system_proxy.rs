//! Proxies that the system knows beside the variables: its own files, and the desktop's settings.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::case::proxy::Setting;
use crate::case::{Case, Environment};

/// The most that is read of one file, in bytes.
const MAX_FILE: u64 = 256 * 1024;
/// How long a desktop's program may take.
const PATIENCE: Duration = Duration::from_millis(800);

/// Looks for proxies that are set somewhere but not in this process's variables.
pub async fn find(case: &Case) -> Vec<Setting> {
    let environment = case.environment.clone();
    tokio::task::spawn_blocking(move || look(&environment)).await.unwrap_or_default()
}

fn look(environment: &Environment) -> Vec<Setting> {
    let mut found = in_files(environment);
    // Programs speak of this machine, so they are asked only when its real files are looked at.
    if environment.system_root == Path::new("/") || cfg!(windows) {
        found.extend(in_desktop(environment));
    }
    found.truncate(8);
    found
}

fn in_files(environment: &Environment) -> Vec<Setting> {
    let mut found = Vec::new();
    let mut read = |path: std::path::PathBuf, parse: fn(&str) -> Vec<String>| {
        if let Some(text) = text_of(&path) {
            let place = path.display().to_string();
            found.extend(parse(&text).into_iter().map(|value| Setting::new(place.clone(), value)));
        }
    };
    read(environment.system_file("etc/environment"), assignments);
    for folder in ["etc/profile.d", "etc/apt/apt.conf.d"] {
        let parse = if folder.ends_with("profile.d") { assignments } else { apt };
        let entries = std::fs::read_dir(environment.system_file(folder)).into_iter().flatten().filter_map(Result::ok);
        let mut paths: Vec<_> = entries.map(|e| e.path()).take(100).collect();
        paths.sort();
        for path in paths {
            read(path, parse);
        }
    }
    read(environment.system_file("etc/apt/apt.conf"), apt);
    read(environment.system_file("etc/gitconfig"), git);
    if let Some(home) = &environment.home {
        read(home.join(".gitconfig"), git);
        read(home.join(".config/git/config"), git);
        read(home.join(".curlrc"), curl);
        read(home.join(".config/pip/pip.conf"), git);
        read(home.join(".pip/pip.conf"), git);
        read(home.join(".config/kioslaverc"), kde);
    }
    found
}

fn text_of(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    // A pipe or device in the place of a file would hold the look-up for ever.
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    std::fs::File::open(path).ok()?.take(MAX_FILE).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn unquoted(value: &str) -> String {
    value.trim().trim_end_matches(';').trim().trim_matches(|c| c == '"' || c == '\'').to_owned()
}

/// `https_proxy="…"` and `export HTTPS_PROXY=…`, the one for TLS first.
fn assignments(text: &str) -> Vec<String> {
    let value_of = |wanted: &str| {
        text.lines().rev().find_map(|line| {
            let line = line.trim().strip_prefix("export ").unwrap_or(line.trim());
            let (name, value) = line.split_once('=')?;
            let value = unquoted(value);
            (name.trim().eq_ignore_ascii_case(wanted) && !value.is_empty() && !value.contains('$')).then_some(value)
        })
    };
    ["https_proxy", "all_proxy", "http_proxy"].into_iter().find_map(value_of).into_iter().collect()
}

/// `Acquire::https::Proxy "…";`.
fn apt(text: &str) -> Vec<String> {
    let value_of = |wanted: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.trim().split_once(char::is_whitespace)?;
            let value = unquoted(value);
            (name.eq_ignore_ascii_case(wanted) && value.contains("://")).then_some(value)
        })
    };
    ["Acquire::https::Proxy", "Acquire::http::Proxy"].into_iter().find_map(value_of).into_iter().collect()
}

/// `proxy = …` of git's and pip's files.
fn git(text: &str) -> Vec<String> {
    let value = text.lines().find_map(|line| {
        let (name, value) = line.trim().split_once('=')?;
        let value = unquoted(value);
        (name.trim().eq_ignore_ascii_case("proxy") && !value.is_empty()).then_some(value)
    });
    value.into_iter().collect()
}

/// `proxy = …` or `proxy …` of curl's file.
fn curl(text: &str) -> Vec<String> {
    let value = text.lines().find_map(|line| {
        let line = line.trim().trim_start_matches("--");
        let rest = line.strip_prefix("proxy")?;
        let value = rest.trim_start().strip_prefix(['=', ':']).unwrap_or(rest);
        let value = unquoted(value);
        (rest.starts_with([' ', '=', '\t', ':']) && !value.is_empty()).then_some(value)
    });
    value.into_iter().collect()
}

/// KDE's `httpsProxy=http://host 3128`, when `ProxyType` says that it is used.
fn kde(text: &str) -> Vec<String> {
    let value_of = |wanted: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once('=')?;
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
        })
    };
    if value_of("ProxyType").as_deref() != Some("1") {
        return Vec::new();
    }
    let proxy = value_of("httpsProxy").or_else(|| value_of("httpProxy")).filter(|v| !v.is_empty());
    proxy.map(|v| v.replace(' ', ":")).into_iter().collect()
}

#[cfg(all(unix, not(target_os = "macos")))]
fn in_desktop(environment: &Environment) -> Vec<Setting> {
    // Without a session there is no one to ask.
    if environment.raw("DBUS_SESSION_BUS_ADDRESS").is_none() && environment.raw("XDG_CURRENT_DESKTOP").is_none() {
        return Vec::new();
    }
    let listed = output("gsettings", &["list-recursively", "org.gnome.system.proxy"]);
    listed.and_then(|text| gnome(&text)).map(|v| Setting::new("GNOME's network settings", v)).into_iter().collect()
}

#[cfg(target_os = "macos")]
fn in_desktop(_: &Environment) -> Vec<Setting> {
    let listed = output("scutil", &["--proxy"]);
    listed.and_then(|text| macos(&text)).map(|v| Setting::new("macOS' network settings", v)).into_iter().collect()
}

#[cfg(windows)]
fn in_desktop(_: &Environment) -> Vec<Setting> {
    let key = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings";
    let listed = output("reg", &["query", key]);
    listed.and_then(|text| windows(&text)).map(|v| Setting::new("Windows' proxy settings", v)).into_iter().collect()
}

#[cfg(not(any(unix, windows)))]
fn in_desktop(_: &Environment) -> Vec<Setting> {
    Vec::new()
}

/// `gsettings list-recursively org.gnome.system.proxy`.
#[cfg_attr(not(all(unix, not(target_os = "macos"))), allow(dead_code))]
fn gnome(text: &str) -> Option<String> {
    let value_of = |schema: &str, key: &str| {
        text.lines().find_map(|line| {
            let mut words = line.splitn(3, ' ');
            (words.next()? == schema && words.next()? == key).then(|| unquoted(words.next().unwrap_or_default()))
        })
    };
    match value_of("org.gnome.system.proxy", "mode")?.as_str() {
        "manual" => ["https", "http"].into_iter().find_map(|scheme| {
            let schema = format!("org.gnome.system.proxy.{scheme}");
            let host = value_of(&schema, "host").filter(|h| !h.is_empty())?;
            let port = value_of(&schema, "port").filter(|p| p != "0")?;
            Some(format!("http://{host}:{port}"))
        }),
        _ => None,
    }
}

/// `scutil --proxy`.
#[cfg_attr(not(target_os = "macos"), allow(dead_code))]
fn macos(text: &str) -> Option<String> {
    let value_of = |key: &str| {
        text.lines().find_map(|line| {
            let (name, value) = line.split_once(" : ")?;
            (name.trim() == key).then(|| value.trim().to_owned())
        })
    };
    ["HTTPS", "HTTP"].into_iter().find_map(|scheme| {
        (value_of(&format!("{scheme}Enable")).as_deref() == Some("1")).then_some(())?;
        let (host, port) = (value_of(&format!("{scheme}Proxy"))?, value_of(&format!("{scheme}Port"))?);
        Some(format!("http://{host}:{port}"))
    })
}

/// `reg query …\Internet Settings`.
#[cfg_attr(not(windows), allow(dead_code))]
fn windows(text: &str) -> Option<String> {
    let value_of = |key: &str| {
        text.lines().find_map(|line| {
            let mut words = line.split_whitespace();
            (words.next()? == key).then(|| words.nth(1).unwrap_or_default().to_owned())
        })
    };
    if value_of("ProxyEnable")?.trim_start_matches("0x") != "1" {
        return None;
    }
    let server = value_of("ProxyServer").filter(|s| !s.is_empty())?;
    // Either one for all, or `http=a:1;https=b:2`.
    let of = |scheme: &str| server.split(';').find_map(|part| part.strip_prefix(scheme)?.strip_prefix('='));
    let chosen = if server.contains('=') { of("https").or_else(|| of("http"))? } else { server.as_str() };
    Some(if chosen.contains("://") { chosen.to_owned() } else { format!("http://{chosen}") })
}

/// What a program prints, when it ends in time.
#[cfg_attr(not(any(unix, windows)), allow(dead_code))]
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let stdout = child.stdout.take()?;
    let reading = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = stdout.take(MAX_FILE).read_to_end(&mut bytes);
        bytes
    });
    let began = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(_)) => break,
            Ok(None) if began.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(10)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
    reading.join().ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn files_and_settings_name_their_proxy() {
        let all = |found: Vec<String>| found.join(",");
        assert_eq!(
            all(assignments("PATH=/x\nhttp_proxy=\"http://a:1\"\nexport HTTPS_PROXY='http://b:2'\n")),
            "http://b:2"
        );
        assert_eq!(all(assignments("#https_proxy=http://a:1\nhttps_proxy=$other")), "");
        assert_eq!(
            all(apt("Acquire::http::Proxy \"http://a:3142\";\nAcquire::https::Proxy \"DIRECT\";")),
            "http://a:3142"
        );
        assert_eq!(all(git("[user]\n name = x\n[http]\n\tproxy = http://a:8080\n")), "http://a:8080");
        assert_eq!(all(curl("# x\nproxy = a:1\n")), "a:1");
        assert_eq!(all(curl("proxytunnel\n--proxy \"b:2\"\n")), "b:2");
        assert_eq!(all(kde("[Proxy Settings]\nProxyType=1\nhttpsProxy=http://a 3128\n")), "http://a:3128");
        assert_eq!(all(kde("ProxyType=0\nhttpsProxy=http://a 3128\n")), "");
        let gnome_text = "org.gnome.system.proxy mode 'manual'\norg.gnome.system.proxy.https host 'p'\norg.gnome.system.proxy.https port 3128\n";
        assert_eq!(gnome(gnome_text).as_deref(), Some("http://p:3128"));
        assert_eq!(
            macos("<dictionary> {\n  HTTPSEnable : 1\n  HTTPSPort : 3128\n  HTTPSProxy : p\n}").as_deref(),
            Some("http://p:3128")
        );
        let registry = "\n    ProxyEnable    REG_DWORD    0x1\n    ProxyServer    REG_SZ    http=a:1;https=b:2\n";
        assert_eq!(windows(registry).as_deref(), Some("http://b:2"));
        assert_eq!(windows("    ProxyEnable    REG_DWORD    0x0\n    ProxyServer    REG_SZ    a:1\n"), None);
    }

    proptest! {
        #[test]
        fn any_text_has_a_clear_outcome(text in "\\PC{0,40}(\\n\\PC{0,40}){0,6}") {
            for parse in [assignments, apt, git, curl, kde] {
                let _ = parse(&text);
            }
            for parse in [gnome, macos, windows] {
                let _ = parse(&text);
            }
        }
    }
}
