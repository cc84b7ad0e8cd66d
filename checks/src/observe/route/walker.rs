//! Walks the way, and decides which controls are worth making.

use std::net::SocketAddr;
use std::pin::pin;
use std::time::Duration;

use futures::future::{Either, join, join_all, select};
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::io::AsyncWriteExt;
use url::Url;

use super::{Attempt, ClientDistrust, Direct, Proxied, ProxyWay, Route, Session};
use crate::case::Case;
use crate::case::proxy::{Rules, Setting, Way, way};
use crate::observe::dial::{self, Budget, TcpFault};
use crate::observe::dns::{self, Opinion};
use crate::observe::head::{self, Head};
use crate::observe::http::{Ask, Http, USER_AGENT};
use crate::observe::neutral::{self, Neutral};
use crate::observe::proxy::{self, Stream};
use crate::observe::system_proxy;
use crate::observe::tls::{self, Certificate, Chain, Distrust, Shown, Sni, TlsFault};
use crate::observe::trust::Stores;

/// The most addresses of each family that are tried.
const MAX_ADDRESSES: usize = 3;
/// How long the slower addresses are waited for once one has answered, so that a dead one is known for dead.
const STRAGGLERS: Duration = Duration::from_millis(2500);

/// Walks the way to a URL's host.
pub async fn walk(case: &Case, http: &Http, url: &Url, budget: &Budget) -> Route {
    let walker = Walker::new(case, http, url, budget).await;
    let rules = Rules::of(&case.clients);
    let way = way(&case.environment, rules, url);
    let mut route = Route {
        host: walker.host.clone(),
        port: walker.port,
        way: way.clone(),
        direct: None,
        proxied: None,
        others: Vec::new(),
        neutral: None,
        opinion: None,
        elsewhere: None,
    };
    match way {
        Way::Through(setting) => walker.through(setting, &mut route).await,
        Way::Excepted { setting, .. } => walker.straight(vec![setting], &mut route).await,
        Way::Direct => walker.straight(Vec::new(), &mut route).await,
    }
    http.remember_route(&route);
    route
}

struct Walker<'a> {
    case: &'a Case,
    http: &'a Http,
    stores: std::sync::Arc<Stores>,
    budget: &'a Budget,
    host: String,
    port: u16,
    tls: bool,
}

impl<'a> Walker<'a> {
    async fn new(case: &'a Case, http: &'a Http, url: &Url, budget: &'a Budget) -> Walker<'a> {
        let host =
            url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        Walker {
            case,
            http,
            stores: http.stores().await,
            budget,
            host,
            port: url.port_or_known_default().unwrap_or(443),
            tls: url.scheme() != "http",
        }
    }

    /// The client goes through a proxy. The straight way is the control, and is not waited for when the proxy works.
    async fn through(&self, setting: Setting, route: &mut Route) {
        let direct = pin!(self.direct());
        let proxied = pin!(self.proxied(setting));
        match select(proxied, direct).await {
            Either::Left((proxied, direct)) => {
                if !proxied.works() {
                    let (direct, neutral) =
                        join(direct, neutral::look(&self.case.limits.connect_to, self.budget.tcp())).await;
                    route.direct = Some(direct);
                    route.neutral = Some(neutral);
                }
                route.proxied = Some(proxied);
            }
            Either::Right((direct, proxied)) => {
                route.direct = Some(direct);
                let proxied = proxied.await;
                if !proxied.works() && !route.direct.as_ref().is_some_and(Direct::works) {
                    route.neutral = Some(neutral::look(&self.case.limits.connect_to, self.budget.tcp()).await);
                }
                route.proxied = Some(proxied);
            }
        }
    }

    /// The client goes straight. What fails or hesitates has its controls made beside it.
    async fn straight(&self, passed_by: Vec<Setting>, route: &mut Route) {
        let mut direct = pin!(self.direct());
        let hesitation = self.budget.part(0.18);
        let early = tokio::time::timeout(hesitation, &mut direct).await;
        let direct = match early {
            Ok(direct) if direct.works() => Some(direct),
            Ok(direct) => {
                route.direct = Some(direct);
                None
            }
            Err(_) => {
                let controls = pin!(self.straight_controls(passed_by.clone()));
                match select(direct, controls).await {
                    Either::Left((direct, _)) if direct.works() => Some(direct),
                    Either::Left((direct, controls)) => {
                        route.direct = Some(direct);
                        self.keep(route, controls.await).await;
                        return;
                    }
                    Either::Right((controls, direct)) => {
                        route.direct = Some(direct.await);
                        self.keep(route, controls).await;
                        return;
                    }
                }
            }
        };
        if let Some(direct) = direct {
            if direct.lookup.as_ref().is_some_and(|l| l.milliseconds > 2000.0) {
                route.opinion = Some(dns::second_opinion(self.case, &self.host, self.budget.part(0.3)).await);
            }
            route.direct = Some(direct);
        } else {
            let controls = self.straight_controls(passed_by).await;
            self.keep(route, controls).await;
        }
    }

    async fn straight_controls(&self, passed_by: Vec<Setting>) -> (Neutral, (Vec<Proxied>, Opinion)) {
        join(
            neutral::look(&self.case.limits.connect_to, self.budget.tcp()),
            join(self.others(passed_by), dns::second_opinion(self.case, &self.host, self.budget.part(0.3))),
        )
        .await
    }

    async fn keep(&self, route: &mut Route, (neutral, (others, opinion)): (Neutral, (Vec<Proxied>, Opinion))) {
        // Where a portal answers for every name, only a number tells whether anything outside can be asked.
        if needs_a_resolver_elsewhere(route.direct.as_ref(), &opinion) && neutral.numbered.is_ok() {
            let asking = dns_over_https(self.http, &self.host);
            route.elsewhere = tokio::time::timeout(self.budget.part(0.25), asking).await.ok().flatten();
        }
        (route.neutral, route.others, route.opinion) = (Some(neutral), others, Some(opinion));
    }

    /// Tries proxies that the client does not use: those it passes by, those of variables that do not count for this host,
    /// and those that the system knows.
    async fn others(&self, passed_by: Vec<Setting>) -> Vec<Proxied> {
        let mut settings = passed_by;
        let variables = crate::case::proxy::variables(&self.case.environment);
        for setting in variables.into_iter().chain(system_proxy::find(self.case).await) {
            if !settings.iter().any(|known| known.same_proxy_as(&setting)) {
                settings.push(setting);
            }
        }
        join_all(settings.into_iter().take(3).map(|setting| self.proxied(setting))).await
    }

    async fn proxied(&self, setting: Setting) -> Proxied {
        let proxy = match setting.proxy() {
            Ok(proxy) => proxy,
            Err(malformed) => return Proxied { setting, outcome: Err(malformed) },
        };
        let pins = &self.case.limits.connect_to;
        let (seen, tunnel) = proxy::tunnel(pins, &proxy, &self.host, self.port, self.budget).await;
        let (tunnel, session) = match tunnel {
            Ok(stream) if self.tls => {
                let again = || async { proxy::tunnel(pins, &proxy, &self.host, self.port, self.budget).await.1.ok() };
                (Ok(()), Some(self.session(stream, again).await))
            }
            Ok(_) => (Ok(()), None),
            Err(fault) => (Err(fault), None),
        };
        Proxied { setting, outcome: Ok(ProxyWay { seen, tunnel, session }) }
    }

    async fn direct(&self) -> Direct {
        let pinned = dial::pinned(&self.case.limits.connect_to, &self.host, self.port);
        let (lookup, addresses) = if let Some(address) = pinned {
            (None, vec![address])
        } else {
            let lookup = dns::system(&self.host, self.budget.dns()).await;
            let all = lookup.addresses.as_deref().unwrap_or_default();
            let of = |v4: bool| all.iter().filter(move |a| a.is_ipv4() == v4).take(MAX_ADDRESSES);
            // In the system's order, but some of each family.
            let chosen: Vec<_> = of(true).chain(of(false)).copied().collect();
            let addresses = all.iter().filter(|a| chosen.contains(a)).map(|a| SocketAddr::new(*a, self.port)).collect();
            (Some(lookup), addresses)
        };
        let mut trying: FuturesUnordered<_> = addresses
            .iter()
            .map(|&address| async move { (address, dial::tcp(address, self.budget.tcp()).await) })
            .collect();
        let mut outcomes: Vec<(SocketAddr, Result<f64, TcpFault>)> = Vec::new();
        let mut first = None;
        while let Some((address, outcome)) = trying.next().await {
            match outcome {
                Ok((stream, milliseconds)) => {
                    outcomes.push((address, Ok(milliseconds)));
                    first = Some((address, stream));
                    break;
                }
                Err(fault) => outcomes.push((address, Err(fault))),
            }
        }
        let session = async {
            let (address, stream) = first?;
            if !self.tls {
                return None;
            }
            let again = || async move {
                let (stream, _) = dial::tcp(address, self.budget.tcp()).await.ok()?;
                Some(Box::new(stream) as Box<dyn Stream>)
            };
            Some(self.session(Box::new(stream), again).await)
        };
        let stragglers = async {
            let mut late = Vec::new();
            let patience = STRAGGLERS.min(self.budget.tcp());
            let waiting = async {
                while let Some((address, outcome)) = trying.next().await {
                    late.push((address, outcome.map(|(_, milliseconds)| milliseconds)));
                }
            };
            let _ = tokio::time::timeout(patience, waiting).await;
            (late, patience)
        };
        let (session, (late, patience)) = join(session, stragglers).await;
        outcomes.extend(late);
        let attempts = addresses
            .into_iter()
            .map(|address| Attempt {
                address,
                outcome: outcomes
                    .iter()
                    .find(|(a, _)| *a == address)
                    .map_or(Err(TcpFault::Silent(patience)), |(_, outcome)| outcome.clone()),
            })
            .collect();
        Direct { lookup, attempts, session }
    }

    /// Shakes hands, judges what is presented, and makes the controls for what is wrong.
    async fn session<F, G>(&self, stream: Box<dyn Stream>, again: F) -> Session
    where
        F: Fn() -> G,
        G: Future<Output = Option<Box<dyn Stream>>>,
    {
        let (shown, outcome) = tls::handshake(stream, &self.host, Sni::Named, self.budget.tls()).await;
        let mut session = self.judge(shown, outcome.as_ref().map(drop).map_err(Clone::clone));
        match outcome {
            Ok(mut stream) if !session.trusted() => {
                session.head = self.ask_head(&mut stream).await;
            }
            Err(TlsFault::Reset | TlsFault::Closed | TlsFault::Silent(_)) => {
                if let Some(stream) = again().await {
                    let (_, outcome) = tls::handshake(stream, &self.host, Sni::Withheld, self.budget.part(0.2)).await;
                    session.unnamed = Some(outcome.map(drop));
                }
            }
            _ => {}
        }
        session
    }

    fn judge(&self, shown: Shown, outcome: Result<(), TlsFault>) -> Session {
        let chain: &Chain = &shown.chain;
        let judged = |roots: &tls::Roots| tls::verify(chain, &self.host, roots, self.case.now);
        let by_clients = self
            .stores
            .clients
            .iter()
            .map(|(trust, roots)| {
                let judged = match roots {
                    Ok(roots) => judged(roots).map_err(ClientDistrust::Chain),
                    Err(why) => Err(ClientDistrust::Store(why.clone())),
                };
                (trust.clone(), judged)
            })
            .collect();
        Session {
            outcome,
            milliseconds: shown.milliseconds,
            version: shown.version,
            certificates: chain.iter().filter_map(|der| Certificate::parse(der)).collect(),
            names_host: tls::names_host(chain, &self.host),
            by_system: judged(&self.stores.system),
            by_any: judged(&self.stores.combined),
            by_clients,
            unnamed: None,
            head: None,
        }
    }

    /// Asks whoever answers for the top of the site. Nothing secret goes along: nobody vouches for this server.
    async fn ask_head<S: Stream>(&self, stream: &mut S) -> Option<Head> {
        self.http.count_request();
        let request = format!(
            "HEAD / HTTP/1.1\r\nHost: {}\r\nUser-Agent: {USER_AGENT}\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            self.host
        );
        let within = self.budget.part(0.25);
        tokio::time::timeout(within, stream.write_all(request.as_bytes())).await.ok()?.ok()?;
        head::read(stream, within).await.ok()
    }
}

/// Whether the answer to the lookup may be a lie: an address that cannot be the Hub's, or somebody else's certificate.
fn needs_a_resolver_elsewhere(direct: Option<&Direct>, opinion: &Opinion) -> bool {
    let Some(direct) = direct else { return false };
    let Some(lookup) = &direct.lookup else { return false };
    let Ok(addresses) = &lookup.addresses else { return opinion.denied() };
    let odd = addresses.iter().any(|a| dns::suspicious(*a).is_some());
    let stranger = direct.session.as_ref().is_some_and(|s| s.by_any == Err(Distrust::WrongName));
    odd || stranger || !direct.connected()
}

/// Asks a public resolver over HTTPS, by its address.
async fn dns_over_https(http: &Http, host: &str) -> Option<Vec<std::net::IpAddr>> {
    let url = Url::parse_with_params("https://1.1.1.1/dns-query", [("name", host), ("type", "A")]).ok()?;
    let ask = Ask::get(url).accept("application/dns-json");
    let answer = http.send(ask).await.ok()?;
    addresses_in_json(&answer.body)
}

fn addresses_in_json(body: &[u8]) -> Option<Vec<std::net::IpAddr>> {
    let body: serde_json::Value = serde_json::from_slice(body).ok()?;
    let records = body.get("Answer")?.as_array()?;
    let addresses = records.iter().take(32).filter_map(|r| r.get("data")?.as_str()?.parse().ok()).collect();
    Some(addresses)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::addresses_in_json;

    #[test]
    fn addresses_are_read_and_nothing_else() {
        let body = br#"{"Answer":[{"type":5,"data":"d.cloudfront.net."},{"type":1,"data":"18.164.174.23"}]}"#;
        assert_eq!(addresses_in_json(body), Some(vec!["18.164.174.23".parse().expect("an address")]));
        assert_eq!(addresses_in_json(b"<html>log in</html>"), None);
    }

    proptest! {
        #[test]
        fn any_answer_has_a_clear_outcome(body in "[\\[\\]{}\":,a-zA-Z0-9. ]{0,120}", depth in 0usize..5000) {
            let _ = addresses_in_json(body.as_bytes());
            let _ = addresses_in_json("[".repeat(depth).as_bytes());
            let _ = addresses_in_json(format!(r#"{{"Answer":[{{"data":{body}}}]}}"#).as_bytes());
        }
    }
}
