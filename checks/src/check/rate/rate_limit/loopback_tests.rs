//! A server on this machine that limits everything: what is found, and how much it is asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::tests::case;
use crate::case::Case;
use crate::examine::{Selection, examine};
use crate::observe::{Progress, Want};
use hfdoctor_core::diagnosis::{Cause, Certainty, resets_at};

#[derive(Debug)]
struct Silent;

impl Progress for Silent {
    fn waiting_for(&self, _: &std::collections::BTreeSet<Want>) {}
}

/// Answers every request with the same bytes; counts requests.
async fn serve(answer: &'static str) -> (String, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let counter = Arc::clone(&counter);
            tokio::spawn(async move {
                let mut request = Vec::new();
                let mut chunk = [0; 1024];
                while let Ok(read @ 1..) = stream.read(&mut chunk).await {
                    request.extend_from_slice(&chunk[..read]);
                    if request.ends_with(b"\r\n\r\n") {
                        counter.fetch_add(1, Ordering::SeqCst);
                        request.clear();
                        if stream.write_all(answer.as_bytes()).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
    (format!("http://{address}"), asked)
}

fn case_at(endpoint: &str) -> Arc<Case> {
    let mut case =
        case(&[("HF_ENDPOINT", endpoint), ("HF_TOKEN", "hf_abcdefghijklmnopqrstuvwxyzABCDEFGH")], Some("org/name"));
    case.limits.trust_endpoint = true;
    Arc::new(case)
}

#[tokio::test]
async fn a_used_up_account_is_found_and_not_asked_on() {
    let (endpoint, asked) = serve(
        "HTTP/1.1 429 Too Many Requests\r\nX-Powered-By: huggingface-moon\r\nX-Request-Id: Root=1-2;3\r\n\
         RateLimit: \"resolvers\";r=0;t=166\r\nRateLimit-Policy: \"fixed window\";\"resolvers\";q=5000;w=300\r\n\
         Content-Length: 0\r\n\r\n",
    )
    .await;
    let case = case_at(&endpoint);
    let diagnosis = examine(Arc::clone(&case), &Selection::default(), Arc::new(Silent)).await;
    let first = &diagnosis.causes[0].finding;
    assert_eq!((first.cause, first.certainty), (Cause::RateLimitAccount, Certainty::Confirmed));
    let causes: Vec<Cause> = diagnosis.causes.iter().map(|c| c.finding.cause).collect();
    assert!(!causes.contains(&Cause::TokenInvalid), "{causes:?}");
    let wait = resets_at(&diagnosis.causes).unwrap().time.duration_since(case.now).unwrap().as_secs();
    assert!((167..=177).contains(&wait), "{wait}");
    // What is sent at once is sent; nothing follows.
    let requests = asked.load(Ordering::SeqCst);
    assert!((1..=6).contains(&requests), "{requests}");
    assert_eq!(diagnosis.network.requests, requests);
}

#[tokio::test]
async fn a_mirrors_limit_is_the_mirrors() {
    let (endpoint, _) =
        serve("HTTP/1.1 429 Too Many Requests\r\nServer: nginx\r\nRetry-After: 40\r\nContent-Length: 0\r\n\r\n").await;
    let diagnosis = examine(case_at(&endpoint), &Selection::default(), Arc::new(Silent)).await;
    assert_eq!(diagnosis.causes[0].finding.cause, Cause::RateLimitMirror);
}
