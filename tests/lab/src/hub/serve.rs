//! Accepts connections and takes each request through faults and services to bytes.

use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue, IF_NONE_MATCH, RANGE, USER_AGENT};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::answer::Answer;
use super::app::Call;
use super::ask::{Ask, Service};
use super::body::{LabBody, Pace};
use super::faults::Faults;
use super::limit::Counts;
use super::record::RequestRecord;
use super::stream::{Instead, Line, Switch, Wire};
use super::{app, storage};
use crate::state::{Fault, HubState};
use crate::text;

/// What every connection shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) state: HubState,
    pub(crate) faults: Faults,
    pub(crate) counts: Mutex<Counts>,
    pub(crate) records: Mutex<Vec<RequestRecord>>,
    pub(crate) scheme: &'static str,
    /// The laboratory's own CDN address, for clients that use loopback names.
    pub(crate) cdn_port: u16,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Accepts for ever. `usual` is what loopback names on this port stand for.
pub(crate) async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, usual: Service, shared: Arc<Shared>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            // Out of descriptors, most likely: let the others finish.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let (tls, shared) = (tls.clone(), Arc::clone(&shared));
        tokio::spawn(connection(stream, tls, usual, shared));
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, usual: Service, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let wire = match tls {
        None => Wire::Plain(stream),
        // A failed handshake is the client's finding, not ours.
        Some(tls) => match tls.accept(stream).await {
            Ok(stream) => Wire::Tls(Box::new(stream)),
            Err(_) => return,
        },
    };
    let switch = Switch::default();
    let line = Line::new(wire, switch.clone());
    let service = service_fn(move |request| {
        let (shared, switch) = (Arc::clone(&shared), switch.clone());
        async move { Ok::<_, Infallible>(handle(request, usual, &shared, &switch).await) }
    });
    // Errors here are broken connections, which many tests bring about on purpose.
    let _ = auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(line), service).await;
}

async fn handle(request: Request<Incoming>, usual: Service, shared: &Shared, switch: &Switch) -> Response<LabBody> {
    let version = format!("{:?}", request.version());
    let ask = read(request, usual, shared).await;
    let fault = shared.faults.meeting(&ask, &shared.state);
    let fault = fault.as_deref();
    let mut answer = fault.and_then(|fault| fault.replacement(&ask)).unwrap_or_else(|| healthy(&ask, shared));
    let instead = fault.and_then(instead);
    if let Some(fault) = fault {
        fault.alter(&mut answer);
    }
    let status = if instead.is_some() { 0 } else { answer.status };
    lock(&shared.records).push(RequestRecord {
        method: ask.method.clone(),
        host: ask.host.clone(),
        path: ask.target(),
        token: ask.authorization.as_deref().map(fingerprint),
        status,
        version,
        range: ask.range.clone(),
        agent: ask.agent.clone(),
    });
    // Noted first: a client that loses patience has asked all the same.
    if let Some(fault) = fault {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
    }
    if let Some(instead) = instead {
        switch.set(instead);
    }
    let pace = fault.map_or_else(Pace::default, |fault| Pace {
        close_after: fault.cut(),
        stall_after: fault.stall_after,
        bytes_per_second: fault.bytes_per_second,
    });
    response(answer, &ask.method, pace)
}

/// The credentials' fingerprint: what stands after the scheme, hashed.
fn fingerprint(authorization: &str) -> String {
    let secret = authorization.split_once(' ').map_or(authorization, |(_, secret)| secret);
    let kind = if secret.starts_with("xet_") { "xet:" } else { "" };
    format!("{kind}{}", &text::sha256(secret.as_bytes())[..8])
}

fn healthy(ask: &Ask, shared: &Shared) -> Answer {
    // A client that came by a real name is sent to real names, one that came by loopback stays on it.
    let loopback = matches!(ask.host.as_str(), "localhost" | "127.0.0.1");
    let here = format!("{}://127.0.0.1:{}", shared.scheme, shared.cdn_port);
    let real = |host: &str| if loopback { here.clone() } else { format!("{}://{host}", shared.scheme) };
    let cdn = shared.state.cdn_base.clone().unwrap_or_else(|| real(&shared.state.cdn_host));
    let cas = real("cas-server.xethub.hf.co");
    let call = Call { ask, state: &shared.state, cdn: &cdn, cas: &cas };
    match ask.service {
        Service::Hub => app::answer(call, &mut lock(&shared.counts)),
        Service::Cdn if ask.path.contains("/reconstruction") => storage::cas(call),
        Service::Cdn => storage::cdn(call),
        Service::Cas => storage::cas(call),
        Service::Transfer => storage::transfer(call),
    }
}

fn instead(fault: &Fault) -> Option<Instead> {
    if let Some(garbage) = &fault.garbage {
        Some(Instead::Bytes(garbage.clone().into_bytes()))
    } else if fault.endless_headers {
        Some(Instead::EndlessHeaders)
    } else if fault.reset {
        Some(Instead::Reset)
    } else if fault.close {
        Some(Instead::Close)
    } else {
        None
    }
}

/// The longest request body that is read.
const LONGEST: usize = 1 << 20;

async fn read(request: Request<Incoming>, usual: Service, shared: &Shared) -> Ask {
    let (parts, body) = request.into_parts();
    let header = |name: HeaderName| text_of(&parts.headers, &name);
    let authority = parts.uri.authority().map(ToString::to_string).or_else(|| header(HOST)).unwrap_or_default();
    let host = authority.rsplit_once(':').map_or(authority.as_str(), |(host, _)| host).to_ascii_lowercase();
    let body = match Limited::new(body, LONGEST).collect().await {
        Ok(body) => body.to_bytes().to_vec(),
        Err(_) => Vec::new(),
    };
    Ask {
        method: parts.method.to_string(),
        service: Service::of_host(&host, &shared.state.cdn_host, usual),
        host,
        base: format!("{}://{authority}", shared.scheme),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        authorization: header(AUTHORIZATION),
        range: header(RANGE),
        if_none_match: header(IF_NONE_MATCH),
        agent: header(USER_AGENT).unwrap_or_default(),
        body,
    }
}

fn text_of(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn response(answer: Answer, method: &str, pace: Pace) -> Response<LabBody> {
    let length = answer.span.end - answer.span.start;
    // HTTP/2 would send a body that HEAD must not have.
    let (span, pace) = if method == "HEAD" { (0..0, Pace::default()) } else { (answer.span, pace) };
    let mut response = Response::new(LabBody::new(answer.body, span, pace));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if answer.status != 304 && answer.status != 204 {
        headers.insert("content-length", length.into());
    }
    for (name, value) in &answer.headers {
        // A text that cannot be a header's value is left out, as a server would have to.
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_bytes(value.as_bytes()))
        {
            if name == "content-length" {
                headers.insert(name, value)
            } else {
                headers.append(name, value);
                None
            };
        }
    }
    response
}
