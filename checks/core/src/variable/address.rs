//! Addresses in variables: a plain one is shown as it is, of any other the shape alone.

use std::borrow::Cow;

/// Schemes that proxies and endpoints have.
const SCHEMES: &[&str] = &["http", "https", "socks4", "socks4a", "socks5", "socks5h", "socks"];

/// What may be shown of an address. A password may hold anything, a blank, a quote, `@` or `/`: so the text is shown only
/// where it is proved to be a plain `scheme://host:port/path`, and of credentials that they are there.
pub fn shape(value: &str) -> String {
    let (scheme, rest) = match value.split_once("://") {
        Some((scheme, rest)) if SCHEMES.iter().any(|known| scheme.eq_ignore_ascii_case(known)) => (Some(scheme), rest),
        Some(_) => return described(value),
        None => (None, value),
    };
    let (credentials, place) = match rest.split_once('@') {
        Some((credentials, place)) => (Some(credentials), place),
        None => (None, rest),
    };
    // Without a scheme a lone word may be anything.
    let is_address = |text: &str| text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let plain = is_place(place) && (scheme.is_some() || is_host_and_port(place) || is_address(place));
    let sound = credentials.is_none_or(|text| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%!$&*+=:".contains(&b))
    });
    if !plain || !sound {
        return described(value);
    }
    let scheme = scheme.map(|scheme| format!("{scheme}://")).unwrap_or_default();
    match credentials {
        Some(_) => format!("{scheme}***@{place}"),
        None => value.to_owned(),
    }
}

fn described(value: &str) -> String {
    let credentials = if value.contains('@') { ", with an `@`" } else { "" };
    format!("no plain address, {} bytes{credentials}", value.len())
}

/// `host`, `host:port` or `[v6]:port`, and a path of plain words behind it.
fn is_place(place: &str) -> bool {
    let (host, path) = place.find('/').map_or((place, ""), |at| place.split_at(at));
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    (is_host_and_port(host) || is_name(host)) && path.len() <= 512 && path.bytes().all(plain)
}

fn is_host_and_port(host: &str) -> bool {
    let Some((name, port)) = host.rsplit_once(':') else { return false };
    !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit()) && is_name(name)
}

fn is_name(name: &str) -> bool {
    let bracketed = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    match bracketed {
        Some(inside) => !inside.is_empty() && inside.bytes().all(|b| b.is_ascii_hexdigit() || b":.%".contains(&b)),
        None => {
            (1..=253).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
        }
    }
}

/// What in an address may be a secret, as texts that must not be shown anywhere: all that stands before its last `@`, the
/// part behind the first colon of it, and both without percent-encoding.
pub fn credentials(value: &str) -> Vec<String> {
    let Some((before, _)) = value.rsplit_once('@') else { return Vec::new() };
    // A scheme, whole or mistyped (`http://`, `http:/`, `htp:/`): it is no secret.
    let start = before.find(['/', ':']).filter(|at| before[*at..].starts_with(":/")).map_or(0, |at| {
        let rest = &before[at..];
        at + rest.len() - rest.trim_start_matches([':', '/']).len()
    });
    let user = &before[start..];
    let password = user.split_once(':').map(|(_, password)| password);
    let mut all: Vec<String> = Vec::new();
    for text in std::iter::once(user).chain(password).filter(|text| !text.is_empty()) {
        all.push(text.to_owned());
        if let Cow::Owned(decoded) = decoded(text) {
            all.push(decoded);
        }
    }
    all
}

/// A text without its percent-encoding.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|b| char::from(*b).to_digit(16)).and_then(|d| u8::try_from(d).ok());
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high * 16 + low);
                at += 3;
            }
            (byte, ..) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_addresses_are_shown() {
        for plain in [
            "http://proxy.corp.lan:3128",
            "https://hf-mirror.com",
            "socks5h://127.0.0.1:1080",
            "http://[::1]:8080/",
            "proxy:3128",
            "127.0.0.1",
            "https://art.corp.lan/artifactory/api/huggingfaceml/remote",
        ] {
            assert_eq!(shape(plain), plain);
        }
        assert_eq!(shape("http://ada:s3cret@host:9"), "http://***@host:9");
        assert_eq!(shape("ada:s3cret@host:9"), "***@host:9");
    }

    #[test]
    fn of_the_rest_the_shape_alone() {
        for secret in [
            "http://ada:my PASSWORD@host:9",
            "http://ada:my'PASSWORD@host:9",
            "http://ada:my\"PASSWORD@host:9",
            "http://ada:my<PASSWORD@host:9",
            "http://ada:my`PASSWORD@host:9",
            "http://ada:my\tPASSWORD@host:9",
            "http://ada:my\nPASSWORD@host:9",
            "http://ada:12/PASSWORD@host:9",
            "http://ada:my@PASSWORD@host:9",
            "http://ada:my#PASSWORD@host:9",
            "htp:/ada:PASSWORD@host:9",
            "http:/ada:PASSWORD@host:9",
            "http//ada:PASSWORD@host:9",
            "http://ada:PASSWORD",
            "http://ada PASSWORD",
            "http://host:9?key=PASSWORD",
            "PASSWORD",
            "http://ada:PASSWORD@",
        ] {
            assert!(!shape(secret).contains("PASSWORD"), "{}", shape(secret));
        }
    }

    proptest! {
        #[test]
        fn a_password_is_never_shown_and_always_known(before in "[ -~]{0,6}", after in "[ -~]{0,6}", scheme in "(http://|htp:/|http:/|socks5://|)") {
            let value = format!("{scheme}ada:{before}PASSWORD{after}@host:9");
            prop_assert!(!shape(&value).contains("PASSWORD"));
            prop_assert!(credentials(&value).iter().any(|text| text.contains("PASSWORD")));
        }

        #[test]
        fn any_text_has_a_shape(value in "\\PC{0,60}") {
            let _ = (shape(&value), credentials(&value));
        }
    }
}
