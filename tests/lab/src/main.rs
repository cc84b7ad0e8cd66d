//! `hfdoctor-lab STATE.toml`: a Hub for tests in other languages and for people.
//!
//! Prints one line of JSON (addresses, certificate file) and serves until standard input closes. A line `requests` on
//! standard input prints what was asked so far as one line of JSON, a line `clear` forgets it.

#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use lab::tls::CertKind;
use lab::{Hub, HubOptions, HubState, Scheme};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as WordError, StrDeserializer};

/// A Hugging Face Hub on loopback.
#[derive(Debug, Parser)]
struct Arguments {
    /// TOML file with the Hub's state; without it the Hub is empty.
    state: Option<PathBuf>,
    /// Plain HTTP.
    #[arg(long)]
    http: bool,
    /// Another certificate than the good one for a host (`*` for all): expired, not-yet-valid, wrong-name, self-signed,
    /// intercepted, refused.
    #[arg(long, value_name = "HOST=KIND", value_parser = certificate)]
    certificate: Vec<(String, CertKind)>,
    /// One more name for the good certificate.
    #[arg(long, value_name = "HOST")]
    name: Vec<String>,
}

fn certificate(text: &str) -> Result<(String, CertKind), String> {
    let (host, kind) = text.split_once('=').ok_or("HOST=KIND is wanted")?;
    let word: StrDeserializer<'_, WordError> = kind.into_deserializer();
    CertKind::deserialize(word).map(|kind| (host.to_owned(), kind)).map_err(|error| error.to_string())
}

fn run(arguments: Arguments) -> Result<(), Box<dyn Error>> {
    let state = match &arguments.state {
        None => HubState::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            HubState::from_toml(&text).map_err(|error| format!("{}: {error}", path.display()))?
        }
    };
    let options = HubOptions {
        scheme: if arguments.http { Scheme::Http } else { Scheme::Https },
        certificates: arguments.certificate.into_iter().collect::<BTreeMap<_, _>>(),
        extra_names: arguments.name,
    };
    let hub = Hub::start_with(state, &options)?;
    let connect: Vec<String> = hub.names().iter().map(|name| format!("{name}:443:127.0.0.1:{}", hub.port())).collect();
    let tokens: BTreeMap<&str, String> =
        hub.state().token.iter().map(|token| (token.name.as_str(), token.value())).collect();
    say(&serde_json::json!({
        "endpoint": hub.endpoint(),
        "port": hub.port(),
        "cdn_port": hub.cdn_port(),
        "ca_file": hub.ca_file(),
        "corporate_ca_file": hub.corporate_ca_file(),
        "connect_to": connect,
        "tokens": tokens,
    }))?;
    for line in std::io::stdin().lock().lines() {
        match line?.trim() {
            "requests" => say(&serde_json::to_value(hub.requests())?)?,
            "clear" => hub.clear_requests(),
            _ => {}
        }
    }
    Ok(())
}

fn say(value: &serde_json::Value) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{value}")?;
    out.flush()
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hfdoctor-lab: {error}");
            ExitCode::FAILURE
        }
    }
}
