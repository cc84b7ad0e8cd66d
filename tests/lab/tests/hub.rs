//! The Hub from outside, over plain HTTP with a client of a few lines.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use lab::{Hub, HubOptions, HubState, Scheme};

struct Reply {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Reply {
    fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

fn raw(port: u16, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let mut buffer = [0; 8192];
    // Until the end, an error, or enough of something endless.
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        bytes.extend_from_slice(&buffer[..count]);
        if bytes.len() > 1 << 20 {
            break;
        }
    }
    bytes
}

fn ask(port: u16, method: &str, host: &str, path: &str, headers: &str) -> Reply {
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n");
    let bytes = raw(port, &request);
    let split = bytes.windows(4).position(|window| window == b"\r\n\r\n").expect("an HTTP answer");
    let head = String::from_utf8_lossy(&bytes[..split]).into_owned();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    Reply { status, head, body: bytes[split + 4..].to_vec() }
}

fn start(state: &str) -> Hub {
    let options = HubOptions { scheme: Scheme::Http, ..HubOptions::default() };
    Hub::start_with(HubState::from_toml(state).unwrap(), &options).unwrap()
}

fn get(hub: &Hub, path: &str, token: Option<&str>) -> Reply {
    let token = token.map(|name| match hub.state().token_named(name) {
        Some(token) => token.value(),
        None => name.to_owned(),
    });
    let headers = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    ask(hub.port(), "GET", "huggingface.co", path, &headers)
}

const STATE: &str = include_str!("../examples/state.toml");

#[test]
fn every_refusal_has_the_hubs_status_code_and_words() {
    let hub = start(STATE);
    let file = |repo: &str| format!("/{repo}/resolve/main/config.json");
    let table = [
        (file("acme/gated"), None, 401, Some("GatedRepo"), "Access to model acme/gated is restricted. You must have"),
        (file("acme/gated"), Some("reader"), 403, Some("GatedRepo"), "awaiting a review from the repo authors."),
        (file("acme/gated"), Some("fine"), 403, None, "Please enable access to public gated repositories"),
        (file("no/such"), None, 401, None, "Invalid username or password."),
        (file("no/such"), Some("reader"), 404, Some("RepoNotFound"), "Repository not found"),
        (file("club/private"), None, 401, None, "Invalid username or password."),
        (file("acme/disabled"), None, 403, None, "Access to this resource is disabled."),
        (file("acme/faraway"), None, 403, None, "This model is not available in your region."),
        (file("acme/faraway"), Some("hf_garbage"), 403, None, "This model is not available in your region."),
        (file("acme/public"), Some("hf_garbage"), 401, None, "Invalid credentials in Authorization header"),
        (file("acme/public"), Some("gone"), 401, None, "Invalid credentials in Authorization header"),
        (file("acme/public"), Some("old"), 401, None, "User Access Token \"old\" is expired"),
        ("/acme/public/resolve/no/config.json".into(), None, 404, Some("RevisionNotFound"), "Invalid rev id: no"),
        ("/acme/public/resolve/main/no.json".into(), None, 404, Some("EntryNotFound"), "Entry not found"),
        // Inside a closed gate, what does not exist is the gate's business.
        ("/acme/gated/resolve/no/no.json".into(), None, 401, Some("GatedRepo"), "Access to model"),
        ("/api/nonsense".into(), None, 404, None, "Sorry, we can't find the page you are looking for."),
        ("/api/whoami-v2".into(), None, 401, None, "Invalid username or password."),
        ("/api/models/acme/gated/auth-check".into(), None, 401, Some("GatedRepo"), "Access to model"),
        ("/api/models/acme/public/auth-check/write".into(), Some("reader"), 403, None, "You have read access but not"),
    ];
    for (path, token, status, code, words) in table {
        let reply = get(&hub, &path, token);
        assert_eq!((reply.status, reply.header("X-Error-Code")), (status, code), "{path} {token:?}");
        assert!(reply.header("X-Error-Message").unwrap().contains(words), "{path}: {}", reply.head);
        let body = reply.text();
        let text = if path.starts_with("/api/") {
            serde_json::from_str::<serde_json::Value>(&body).unwrap()["error"].as_str().unwrap().to_owned()
        } else {
            body
        };
        assert!(text.contains(words), "{path}: {text}");
        assert_eq!(reply.header("WWW-Authenticate").is_some(), status == 401, "{path}");
        assert_eq!(reply.header("X-Powered-By"), Some("huggingface-moon"));
        assert!(reply.header("X-Request-Id").unwrap().starts_with("Root=1-"));
        assert!(reply.header("Via").unwrap().ends_with("(CloudFront)"));
        assert!(reply.header("RateLimit").is_some() && reply.header("RateLimit-Policy").is_some());
    }
    // A missing file still tells the commit, and what a gate does not hide stays readable.
    let missing = get(&hub, "/acme/public/resolve/main/no.json", None);
    assert_eq!(missing.header("X-Repo-Commit"), Some(hub.state().repo[0].commit().as_str()));
    assert_eq!(get(&hub, "/acme/gated/resolve/main/README.md", None).status, 307);
    assert_eq!(get(&hub, "/api/models/acme/gated", None).status, 200);
    assert_eq!(get(&hub, "/api/models/acme/gated/tree/main", None).status, 200);
}

#[test]
fn small_files_take_a_relative_redirect_and_big_ones_the_cdn() {
    let hub = start(STATE);
    let small = get(&hub, "/acme/public/resolve/main/config.json", None);
    assert_eq!(small.status, 307);
    let cached = small.header("Location").unwrap();
    assert!(cached.starts_with("/api/resolve-cache/models/acme/public/"));
    let file = get(&hub, cached, None);
    assert_eq!((file.status, file.text().as_str()), (200, "{\"model_type\": \"bert\"}\n"));
    assert_eq!(file.header("ETag"), small.header("X-Linked-Etag"));
    let headers = format!("If-None-Match: {}\r\n", file.header("ETag").unwrap());
    assert_eq!(ask(hub.port(), "GET", "huggingface.co", cached, &headers).status, 304);

    let big = get(&hub, "/acme/public/resolve/main/model.safetensors", None);
    assert_eq!((big.status, big.header("X-Linked-Size")), (302, Some("3000000")));
    assert!(big.header("Link").unwrap().contains("rel=\"xet-auth\"") && big.header("X-Xet-Hash").is_some());
    let url = big.header("Location").unwrap();
    let path = url.strip_prefix("http://us.aws.cdn.hf.co").unwrap();
    let part = ask(hub.port(), "GET", "us.aws.cdn.hf.co", path, "Range: bytes=10-19\r\n");
    assert_eq!((part.status, part.header("Content-Range")), (206, Some("bytes 10-19/3000000")));
    assert_eq!(part.body, hub.state().repo[0].files["model.safetensors"].bytes()[10..20]);
    assert_ne!(part.header("ETag"), big.header("X-Linked-Etag"));
    assert_eq!(ask(hub.port(), "GET", "us.aws.cdn.hf.co", path, "Range: bytes=3000000-\r\n").status, 416);
    let unsigned = path.split('?').next().unwrap();
    let refused = ask(hub.port(), "GET", "us.aws.cdn.hf.co", unsigned, "");
    assert!(refused.status == 403 && refused.text().contains("<Code>MissingKey</Code>"));
    let old = path.replace("Expires=", "Expires=1&x=");
    assert_eq!(ask(hub.port(), "GET", "us.aws.cdn.hf.co", &old, "").status, 403);
    assert_eq!(ask(hub.port(), "HEAD", "us.aws.cdn.hf.co", path, "").header("Content-Length"), Some("3000000"));
}

#[test]
fn renamed_repositories_redirect_on_every_route() {
    let hub = start(STATE);
    for (path, to) in [
        ("/api/models/public", "/api/models/acme/public"),
        ("/api/models/acme/former/tree/main?recursive=true", "/api/models/acme/public/tree/main?recursive=true"),
        ("/public/resolve/main/old.bin", "/acme/public/resolve/main/old.bin"),
    ] {
        let reply = get(&hub, path, None);
        assert_eq!((reply.status, reply.header("Location")), (307, Some(to)));
    }
}

#[test]
fn an_empty_bucket_answers_429_and_the_whoami_limit_hides() {
    let hub = start(
        "repo = [{id = 'a/b', files = {c = 'd'}}]\ntoken = [{name = 't', user = 'alice'}]\n\
         rate = [{bucket = 'resolvers', who = 'anonymous', remaining = 1, reset = 42}, {bucket = 'whoami', remaining = 0}]",
    );
    assert_eq!(get(&hub, "/a/b/resolve/main/c", None).status, 307);
    let limited = get(&hub, "/a/b/resolve/main/c", None);
    assert_eq!((limited.status, limited.header("RateLimit")), (429, Some("\"resolvers\";r=0;t=42")));
    assert_eq!(limited.header("RateLimit-Policy"), Some("\"fixed window\";\"resolvers\";q=3000;w=300"));
    assert!(limited.text().starts_with("We had to rate limit your IP (127.0.0.1)."));
    let account = get(&hub, "/a/b/resolve/main/c", Some("t"));
    assert_eq!((account.status, account.header("RateLimit")), (307, Some("\"resolvers\";r=4999;t=299")));
    assert_eq!(get(&hub, "/api/models/a/b", None).status, 200);
    let whoami = get(&hub, "/api/whoami-v2", Some("t"));
    assert_eq!(whoami.status, 429);
    assert!(!whoami.header("RateLimit").unwrap().contains("r=0"));
}

#[test]
fn faults_break_answers_in_their_way() {
    let hub = start(
        r#"
        repo = [{id = "a/b", files = {c = "0123456789"}}]
        [[fault]]
        path = "/garbage"
        garbage = "SSH-2.0-OpenSSH_9.6\r\n"
        [[fault]]
        path = "/endless"
        endless_headers = true
        [[fault]]
        path = "/reset"
        reset = true
        [[fault]]
        path = "/edge"
        preset = "edge-rate-limit"
        [[fault]]
        path = "/portal"
        preset = "captive-page"
        [[fault]]
        path_regex = "resolve-cache/.*/c"
        close_after = 4
        [[fault]]
        path = "/slow"
        body = "0123456789"
        bytes_per_second = 20
        "#,
    );
    let plain = |path: &str| raw(hub.port(), &format!("GET {path} HTTP/1.1\r\nHost: huggingface.co\r\n\r\n"));
    assert_eq!(plain("/garbage"), b"SSH-2.0-OpenSSH_9.6\r\n");
    let endless = plain("/endless");
    assert!(endless.len() > 1 << 20 && !endless.windows(4).any(|window| window == b"\r\n\r\n"));
    assert_eq!(plain("/reset"), b"");
    let edge = get(&hub, "/edge", None);
    assert!(edge.status == 429 && edge.header("X-Request-Id").is_none() && edge.header("X-Amz-Cf-Id").is_some());
    let portal = get(&hub, "/portal", None);
    assert!(portal.status == 200 && portal.header("X-Powered-By").is_none());
    let small = get(&hub, "/a/b/resolve/main/c", None);
    let cut = get(&hub, small.header("Location").unwrap(), None);
    assert_eq!((cut.header("Content-Length"), cut.text().as_str()), (Some("10"), "0123"));
    let start = std::time::Instant::now();
    assert_eq!(get(&hub, "/slow", None).body.len(), 10);
    assert!(start.elapsed() > Duration::from_millis(300));
    assert_eq!(hub.requests().iter().filter(|request| request.status == 0).count(), 3);
}

#[test]
fn the_log_knows_a_token_only_by_its_fingerprint() {
    let hub = start("token = [{name = 't', value = 'hf_canary0canary1canary2'}]");
    get(&hub, "/api/whoami-v2", Some("t"));
    get(&hub, "/api/whoami-v2", None);
    let requests = hub.requests();
    assert_eq!(requests[0].token.as_ref().map(String::len), Some(8));
    assert_eq!(requests[1].token, None);
    assert!(!format!("{requests:?}").contains("canary0"));
    hub.clear_requests();
    assert!(hub.requests().is_empty());
}

#[test]
fn trees_come_in_pages() {
    let hub = start(STATE);
    let mut path = "/api/models/acme/public/tree/main?recursive=true".to_owned();
    let mut names = Vec::new();
    loop {
        let page = get(&hub, &path, None);
        let entries: Vec<serde_json::Value> = serde_json::from_slice(&page.body).unwrap();
        assert!(entries.len() <= 2);
        names.extend(entries.iter().map(|entry| entry["path"].as_str().unwrap().to_owned()));
        match page.header("Link") {
            Some(link) => {
                let url = link.strip_prefix('<').unwrap().split('>').next().unwrap();
                path = url.strip_prefix("http://huggingface.co").unwrap().to_owned();
            }
            None => break,
        }
    }
    assert_eq!(names.len(), 8);
    assert!(names.contains(&"sub/dir with space".to_owned()) && !names.contains(&"dev.txt".to_owned()));
}

#[test]
fn a_mirror_passes_on_what_it_has() {
    let hub = start(
        "repo = [{id = 'a/b', files = {c = 'd'}}, {id = 'a/new', files = {c = 'd'}}]\n\
         mirror = [{host = 'hf-mirror.com', lacks = ['a/new']}]",
    );
    let at = |path: &str| ask(hub.port(), "GET", "hf-mirror.com", path, "");
    assert_eq!(at("/api/models/a/b").status, 200);
    let lacking = at("/a/new/resolve/main/c");
    assert!(lacking.status == 404 && lacking.header("X-Powered-By").is_none());
    assert_eq!(get(&hub, "/a/new/resolve/main/c", None).status, 307);
}

#[test]
fn a_request_counts_although_its_sender_loses_patience() {
    let hub = start("fault = [{path = '/late', delay_ms = 60000}]");
    let mut stream = TcpStream::connect(("127.0.0.1", hub.port())).unwrap();
    stream.write_all(b"GET /late HTTP/1.1\r\nHost: hf.co\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    assert!(stream.read(&mut [0; 1]).is_err());
    drop(stream);
    assert_eq!(hub.requests().len(), 1);
}
