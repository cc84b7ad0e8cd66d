use base64::Engine;
use proptest::prelude::*;

use super::*;

const TOKEN: &str = "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";

fn plain() -> Redactor {
    Redactor::new(std::iter::empty(), None)
}

fn knowing(secret: &str) -> Redactor {
    Redactor::new([Token::new(secret.as_bytes().to_vec())].iter(), None)
}

#[test]
fn secrets_of_every_form_are_masked() {
    for (text, expected) in [
        (format!("HF_TOKEN={TOKEN}"), "HF_TOKEN=hf_***"),
        (format!("export HF_TOKEN=\"{TOKEN}\""), "export HF_TOKEN=\"hf_***\""),
        (format!("got {TOKEN}."), "got hf_***."),
        (format!("xx{TOKEN}"), "xxhf_***"),
        ("cut hf_QwErTyUiOp".into(), "cut hf_***"),
        ("hf_oauth_eyJhbGci.eyJzdWIi_x.Sig-9 end".into(), "hf_oauth_*** end"),
        ("hf_jwt_AbCdEf0123456789xyzAB".into(), "hf_jwt_***"),
        ("api_org_AbCdEfGhIjKlMnOpQrStUvWxYz01234567".into(), "api_org_***"),
        ("xet_AbCd0123efGh4567ijKL".into(), "xet_***"),
        ("jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-DEF_1 end".into(), "jwt *** end"),
        ("sk-proj-Ab1Cd2Ef3Gh4Ij5Kl6".into(), "sk-***"),
        ("ghp_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789".into(), "ghp_***"),
        ("github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuv".into(), "github_pat_***"),
        ("AKIAIOSFODNN7EXAMPLE".into(), "AKIA***"),
        ("glpat-AbCdEf0123456789xyzA".into(), "glpat-***"),
        ("xoxb-123456789012-AbCdEfGhIj".into(), "xoxb-***"),
        ("npm_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789".into(), "npm_***"),
        ("AIzaSyA1234567890abcdefghijklmnopqrstuv".into(), "AIza***"),
        ("Bearer abc.DEF-123".into(), "Bearer ***"),
        ("Illegal header value b'Bearer geheim1\\n'".into(), "Illegal header value b'Bearer ***'"),
        ("value: 'Bearer Bearer s3cr3t '".into(), "value: 'Bearer Bearer *** '"),
        ("Authorization: Basic YWRhOmdlaGVpbQ==".into(), "Authorization: ***"),
        ("use Basic YWRhOmdlaGVpbQ== now".into(), "use Basic *** now"),
        ("{\"authorization\": \"Bearer geheim\", \"x\": 1}".into(), "{\"authorization\": \"***\", \"x\": 1}"),
        ("{\\\"Authorization\\\": \\\"geheim\\\", 1}".into(), "{\\\"Authorization\\\": \\\"***\\\", 1}"),
        ("{'Proxy-Authorization': 'Basic geheim'}".into(), "{'Proxy-Authorization': '***'}"),
        ("[(b'Authorization', b'geheim'), (b'a', b'b')]".into(), "[(b'Authorization', b'***'), (b'a', b'b')]"),
        ("curl -H 'Authorization: geheim' https://x.org".into(), "curl -H 'Authorization: ***' https://x.org"),
        ("curl -H Authorization:geheim\nnext".into(), "curl -H Authorization:***\nnext"),
        ("headers['Authorization'] = 'geheim'".into(), "headers['Authorization'] = '***'"),
        ("Cookie: session=geheim; other=2\nHost: x".into(), "Cookie: ***\nHost: x"),
        ("set-cookie: token=geheim; Path=/".into(), "set-cookie: ***"),
        ("X-Xet-Access-Token: geheim".into(), "X-Xet-Access-Token: ***"),
        ("curl -u ada:geheim https://x.org".into(), "curl -u ada:*** https://x.org"),
        ("curl --proxy-user 'ada:ge heim' x".into(), "curl --proxy-user 'ada:*** heim' x"),
        ("https://ada:geheim@proxy.corp:3128/x".into(), "https://***@proxy.corp:3128/x"),
        ("http://ada:ge@he/im@proxy.corp:3128".into(), "http://***@proxy.corp:3128"),
        ("https://geheim@huggingface.co/org/name".into(), "https://***@huggingface.co/org/name"),
        ("HTTPS_PROXY=ada:geheim@proxy.corp:3128".into(), "HTTPS_PROXY=***@proxy.corp:3128"),
        (
            "https://us.aws.cdn.hf.co/x?Expires=1&Policy=abc&Signature=d~e&Key-Pair-Id=K1".into(),
            "https://us.aws.cdn.hf.co/x?Expires=1&Policy=***&Signature=***&Key-Pair-Id=***",
        ),
        (
            "https://s3/x?X-Amz-Expires=3600&X-Amz-Credential=AK%2Fx&X-Amz-Signature=ab&x-amz-security-token=t".into(),
            "https://s3/x?X-Amz-Expires=3600&X-Amz-Credential=***&X-Amz-Signature=***&x-amz-security-token=***",
        ),
        ("https://x/y?X-Xet-Signed-Range=bytes%3D0&a=1".into(), "https://x/y?X-Xet-Signed-Range=***&a=1"),
        ("https://x/y?token=geheim".into(), "https://x/y?token=***"),
        ("https://x/y?sig=geheim#part".into(), "https://x/y?sig=***#part"),
        ("https://x/y?a=1&amp;api_key=geheim".into(), "https://x/y?a=1&amp;api_key=***"),
        ("next=https%3A%2F%2Fx%3Fsig%3Dgeheim%26a".into(), "next=https%3A%2F%2Fx%3Fsig%3D***"),
        ("password=geheim".into(), "password=***"),
        (
            "machine huggingface.co login ada password geheim x".into(),
            "machine huggingface.co login ada password *** x",
        ),
        ("machine hf.co\n  login ada\n  password geheim".into(), "machine hf.co\n  login ada\n  password ***"),
        ("AccountName=ada;AccountKey=Zm9vYmFy+/x==;End".into(), "AccountName=ada;AccountKey=***;End"),
        (
            "Digest username=\"ada\", response=\"6629fae49393a05397450978507c4ef1\"".into(),
            "Digest username=\"ada\", response=\"***\"",
        ),
        ("refresh_token = geheimes_wort".into(), "refresh_token = ***"),
        ("HF_TOKEN_2=S3cr3tS3cr3t HF_PASS=geheim".into(), "HF_TOKEN_2=*** HF_PASS=***"),
        ("export HF_PAT='ge heim'".into(), "export HF_PAT='***'"),
        ("HF_DATASETS_SERVER_AUTHORIZATION: geheim1".into(), "HF_DATASETS_SERVER_AUTHORIZATION: ***"),
        ("hf_QwErTy\u{a0}UiOpAs\u{200b}DfGhJ\u{ad}kLz".into(), "hf_***"),
        ("via http://ada:my pass@host:9 failed".into(), "via http://***@host:9 failed"),
        ("via http://ada:my'pass\"<`@host:9/".into(), "via http://***@host:9/"),
        ("via http://ada:12/pass@host:9".into(), "via http://***@host:9"),
        ("HTTPS_PROXY=htp:/ada:pass@host:9".into(), "HTTPS_PROXY=htp:/***@host:9"),
        ("HTTPS_PROXY=http:/ada:pa ss@host:9".into(), "HTTPS_PROXY=http:/***@host:9"),
        ("\"password\": \"ge heim\"".into(), "\"password\": \"***\""),
        ("password: geheim1".into(), "password: ***"),
        ("AWS_SECRET_ACCESS_KEY=wJalr/x+y".into(), "AWS_SECRET_ACCESS_KEY=***"),
        ("from_pretrained('x', token='S3cr3tS3cr3t')".into(), "from_pretrained('x', token='***')"),
        ("hf auth login --token S3cr3tS3cr3t".into(), "hf auth login --token ***"),
        ("llama-cli --hf-token=S3cr3t00 -m x".into(), "llama-cli --hf-token=*** -m x"),
        ("wget --http-password geheimnis x".into(), "wget --http-password *** x"),
        (
            "a\n-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nb".into(),
            "a\n*** (a private key)\nb",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMIIEcut".into(), "*** (a private key)"),
    ] {
        let redactor = plain();
        assert_eq!(redactor.clean(&text), expected, "{text}");
        let counts = redactor.counts();
        assert!(counts.tokens + counts.urls > 0, "{text}: nothing counted");
        assert_eq!(redactor.clean(expected), expected);
        assert_eq!(redactor.counts(), counts, "{text}: masks are not counted again");
    }
}

#[test]
fn innocent_text_stays() {
    for text in [
        "blobs/0123456789abcdef0123456789abcdef01234567",
        "etag 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "model-00001-of-00002.safetensors and tokenizer.json, pytorch_model.bin",
        "request 0c7d12f2-58f4-4b05-9d2b-3a1f6f2b9c11, Root=1-68e5-abc;0c7d12f2-58f4-4b05-9d2b-3a1f6f2b9c11",
        "hf_hub_download, hf_xet, hf_transfer, hf_raise_for_status, hf_tokenizer, hf_checkpoint1000, hf_LlamaModel",
        "HF_TOKEN is set and hides the token file; unset HF_TOKEN",
        "token file: ~/.cache/huggingface/token",
        "`HF_TOKEN`: user access token, 37 bytes, #3fa9c0de",
        "HF_TOKEN: the variable takes precedence",
        "export HF_TOKEN=hf_xxxxx",
        "export HF_TOKEN=<your token>",
        "HF_TOKEN=$SECRET",
        "Token is required (`token=True`), but no token found",
        "token=token, token=self.token, token=None, eos_token=\"</s>\", max_new_tokens=50, \"tokens\": 1",
        "{\"check\": \"token\", \"status\": \"ok\"}",
        "{\"token\": {\"kind\": \"read\"}}",
        "pass `--token` with a read token, or --token TOKEN",
        "Invalid credentials in Authorization header",
        "WWW-Authenticate: Bearer realm=\"Authentication required\"",
        "Basic authentication and a Bearer token are needed",
        "ada@example.org wrote to <bob@example.org>",
        "git@hf.co:org/name and ssh://git@hf.co/org/name",
        "hf://datasets/org/name@main/x.parquet and hf://gpt2@main/x",
        "https://huggingface.co:443/@ada/x and https://medium.com/@ada/post",
        "https://huggingface.co/org/name/resolve/main/a.bin?download=true&Expires=1700000000",
        "docker run -u 1000:1000 image; python -u script.py",
        "RateLimit: \"resolvers\";r=2976;t=166",
        "the policy says: no password",
        "http://host:8080/path is down, said ada@example.org",
        "HF_TOKEN_PATH=/data/token and SSH_AUTH_SOCK=/tmp/agent",
        "TOKENIZERS_PARALLELISM=false VLLM_MAX_NUM_BATCHED_TOKENS=16384",
        "HTTPS_PROXY=http://USER:PASSWORD@proxy:3128",
        "X-Amz-Cf-Id: AbC123==",
        "sk-learn-contrib-package-name",
        "*** and hf_*** and Bearer *** stay",
        "größer als 1 GB – \u{1f917}\n\nnext",
        "",
    ] {
        let redactor = plain();
        assert_eq!(redactor.clean(text), text);
        assert_eq!(redactor.counts(), Counts::default(), "{text}");
    }
}

#[test]
fn terminal_escapes_go() {
    for (text, expected) in [
        ("\u{1b}[1;31mError\u{1b}[0m", "Error"),
        ("a\tb\r\nc\u{0}\u{7}d", "a b\ncd"),
        ("\u{1b}]0;title\u{7}x\u{1b}]8;;http://y\u{1b}\\z", "xz"),
        ("\u{1b}]0;never ended\nnext", "0;never ended\nnext"),
        ("\u{9b}31mred\u{85}", "red"),
        ("\u{1b}(Bx\u{1b}", "x"),
        ("safe\u{202e}fdp.exe", "safefdp.exe"),
    ] {
        assert_eq!(plain().clean(text), expected, "{text:?}");
    }
}

#[test]
fn the_home_directory_is_a_tilde() {
    let at = |home: &str, text: &str| Redactor::new(std::iter::empty(), Some(Path::new(home))).clean(text);
    for (text, expected) in [
        ("/home/ada/.cache and '/home/ada'", "~/.cache and '~'"),
        ("file:///home/ada/x", "file://~/x"),
        ("/home/adam /home/ada.old /mnt/home/ada", "/home/adam /home/ada.old /mnt/home/ada"),
        ("it is /home/ada.", "it is ~."),
        ("/home/ada/home/ada", "~/home/ada"),
    ] {
        assert_eq!(at("/home/ada", text), expected);
    }
    assert_eq!(at("/", "/a/b"), "/a/b");
    assert_eq!(at(r"C:\Users\ada", r#""C:\\Users\\ada\\x" C:/Users/ada C:\Users\ada\y"#), r#""~\\x" ~ ~\y"#);
}

#[test]
fn a_known_secret_is_masked_in_every_piece() {
    let redactor = knowing(TOKEN);
    assert_eq!(redactor.clean(&format!("x {} y", &TOKEN[10..20])), "x *** y");
    assert_eq!(redactor.counts(), Counts { tokens: 1, urls: 0 });
    assert_eq!(knowing("geheim und mehr").clean("ein geheim und mehr!"), "ein ***!");
    // A value that holds ordinary words by mistake does not blot them out.
    let pasted = knowing("export HF_TOKEN=hf_QwErTyUiOpAsDfGhJkLz");
    assert_eq!(
        pasted.clean("https://huggingface.co: HF_TOKEN is set, export HF_TOKEN"),
        "https://huggingface.co: HF_TOKEN is set, export HF_TOKEN"
    );
    assert_eq!(knowing("pass1").clean("my pass1, not pass12"), "my ***, not pass12");
    assert_eq!(knowing("none").clean("none"), "none");
    assert_eq!(knowing("").clean("x"), "x");
    let redactor = Redactor::new([Token::new(vec![0xff; 20]), Token::new(b"a\xffbcdefghij".to_vec())].iter(), None);
    assert_eq!(redactor.clean("a\u{fffd}bcdefghij and bcdefghi"), "*** and ***");
    assert!(!format!("{redactor:?}").contains("bcdef"));
}

/// Every piece of eight bytes of `secret` that still stands in `text`.
fn survivors(text: &str, secret: &str) -> Vec<String> {
    secret
        .as_bytes()
        .windows(8)
        .filter(|w| text.as_bytes().windows(8).any(|t| t == *w))
        .map(|w| String::from_utf8_lossy(w).into_owned())
        .collect()
}

fn encoded(secret: &str, user: &str, way: usize) -> String {
    let percent = |keep: bool| -> String {
        secret
            .bytes()
            .map(|b| if keep && b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect()
    };
    match way {
        0 => secret.to_owned(),
        1 => percent(true),
        2 => percent(false),
        3 => base64::engine::general_purpose::STANDARD.encode(format!("{user}:{secret}")),
        4 => base64::engine::general_purpose::URL_SAFE.encode(format!("{user}:{secret}")),
        5 => serde_json::to_string(secret).unwrap(),
        _ => secret.escape_default().to_string(),
    }
}

proptest! {
    #[test]
    fn no_piece_of_a_known_secret_survives(
        secret in "[A-Za-z0-9_]{8,40}|hf_[A-Za-z0-9]{34}[\n\"' ]?|[A-Za-z0-9]{4}[\n\"\\\\é\u{200b}][A-Za-z0-9+/]{9,20}",
        user in "[a-z_]{0,5}",
        before in "\\PC{0,12}|token=|Bearer |https://",
        after in "\\PC{0,12}|@host/|&x=1|\"",
        way in 0usize..7,
        cut in 0usize..20,
    ) {
        let form = encoded(&secret, &user, way);
        let from = form.ceil_char_boundary(cut.min(form.len()));
        let text = format!("{before}{}{after}", &form[from..]);
        let redactor = knowing(&secret);
        let cleaned = redactor.clean(&text);
        let of_secret = survivors(&cleaned, &secret);
        prop_assert!(of_secret.is_empty(), "{of_secret:?} in {cleaned:?}");
        // What stands for the name in the encoded pair may stay, and three bytes at the seam.
        let own = encoded(&secret, "", way);
        let seam = if matches!(way, 3 | 4) { 4 } else { 0 };
        let inner = own.get(seam..own.len().saturating_sub(seam)).unwrap_or_default();
        if !matches!(way, 3 | 4) || user.len() % 3 == 0 {
            let left = survivors(&cleaned, inner);
            prop_assert!(left.is_empty(), "{left:?} in {cleaned:?}");
        }
        prop_assert_eq!(redactor.clean(&cleaned), cleaned);
    }

    #[test]
    fn cleaning_twice_is_cleaning_once(
        parts in prop::collection::vec(prop_oneof![
            "\\PC{0,6}", Just("token=".to_owned()), Just("Bearer ".to_owned()), Just("://".to_owned()), Just("@".to_owned()),
            Just("Authorization: ".to_owned()), Just("'".to_owned()), Just("\"".to_owned()), Just("&sig=".to_owned()),
            Just("hf_AbCd1234efGH".to_owned()), Just("***".to_owned()), Just("\u{1b}[".to_owned()), Just("\n".to_owned()),
            Just("-u a:b".to_owned()), Just("/home/ada".to_owned()), Just("\\".to_owned()), Just("eyJabcdefghi.".to_owned()),
            Just("HF_TOKEN".to_owned()), Just("password: ".to_owned()), Just(" --token ".to_owned()), Just("http".to_owned()),
            Just("AbCd1234".to_owned()), Just(":".to_owned()), Just("=".to_owned()), Just(" ".to_owned()), Just("%3F".to_owned()),
        ], 0..10)
    ) {
        let secret = Token::new(b"AbCd1234efGH".to_vec());
        let redactor = Redactor::new([secret].iter(), Some(Path::new("/home/ada")));
        let once = redactor.clean(&parts.concat());
        let counts = redactor.counts();
        prop_assert_eq!(redactor.clean(&once), once);
        prop_assert_eq!(redactor.counts(), counts);
    }
}
