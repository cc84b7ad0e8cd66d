//! Whether this account and token may read the repository: licence, privacy, scope.

use std::collections::BTreeSet;

use crate::case::Case;
use crate::check::{Check, Conclusion};
use crate::observe::hub::rejects_token;
use crate::observe::{Answer, Observations, Resolve, Want};
use hfdoctor_core::diagnosis::{Action, Cause, Certainty, Evidence, Finding, Fix, Risk, Source};
use hfdoctor_core::target::Target;

const CAUSES: &[Cause] = &[Cause::GatedNoToken, Cause::GatedNotAccepted, Cause::TokenMissing, Cause::TokenScope];

/// The check.
pub static CHECK: Check = Check {
    name: "access",
    about: "whether this account and token may read the repository: licence, privacy, scope",
    causes: CAUSES,
    wants,
    conclude,
};

/// The page on which tokens are made and changed.
const TOKENS_PAGE: &str = "https://huggingface.co/settings/tokens";

fn wants(case: &Case) -> BTreeSet<Want> {
    match case.target {
        Some(_) => BTreeSet::from([Want::Resolve, Want::Record, Want::Whoami, Want::OtherTokens]),
        None => BTreeSet::new(),
    }
}

fn conclude(case: &Case, seen: &Observations) -> Conclusion {
    crate::check::network::reach::unasked(case, live(case, seen)).and_log(case, CAUSES, Source::Hub)
}

fn live(case: &Case, seen: &Observations) -> Conclusion {
    let Some(target) = &case.target else {
        return Conclusion::skipped("no repository was named");
    };
    if case.limits.offline {
        return Conclusion::skipped("not asked: --offline");
    }
    let resolve = match seen.resolve() {
        Ok(resolve) => resolve,
        Err(why) => return Conclusion::unknown(why.to_string()),
    };
    let answer = match resolve.as_client() {
        Ok(answer) => answer,
        Err(failure) => {
            return Conclusion::unknown(format!("{}: {failure}", resolve.url.host_str().unwrap_or_default()));
        }
    };
    let experiment = Experiment { case, target, seen, resolve, answer };
    match answer.status {
        200..=399 => Conclusion::ok(format!("{} may be read{}", target.repo_id, as_whom(seen))),
        _ if rejects_token(answer) => experiment.with_rejected_token(),
        401 | 403 => experiment.refused(),
        404 => experiment.not_seen(),
        429 => Conclusion::unknown("not tested: the Hub answered 429; this says nothing about access"),
        status => Conclusion::unknown(format!("not tested: the server answered {status}")),
    }
}

fn as_whom(seen: &Observations) -> String {
    let identity = seen.whoami().ok().and_then(|whoami| whoami.identity.as_ref());
    identity.map(|who| format!(" by {}", who.name)).unwrap_or_default()
}

/// One target, asked for with the token and without.
struct Experiment<'a> {
    case: &'a Case,
    target: &'a Target,
    seen: &'a Observations,
    resolve: &'a Resolve,
    /// What the client would see.
    answer: &'a Answer,
}

impl Experiment<'_> {
    /// The token is bad, which is the token check's finding; what is left is whether the repository needs one.
    fn with_rejected_token(&self) -> Conclusion {
        match &self.resolve.without {
            Ok(without) if without.status < 400 => Conclusion::ok("the repository can be read without a token"),
            Ok(without) if code(without) == "GatedRepo" => {
                Conclusion::ok("").with([self.gated_no_token("its token is rejected", Certainty::Likely)])
            }
            Ok(_) | Err(_) => {
                Conclusion::unknown("not tested: the token is rejected, so it tells nothing about access")
            }
        }
    }

    fn refused(&self) -> Conclusion {
        let message = self.answer.error_message().unwrap_or_default();
        if !self.answer.from_application() && message.is_empty() {
            return Conclusion::unknown(format!(
                "not tested: the {} was not written by the Hub's application",
                self.answer.status
            ));
        }
        let gated = code(self.answer) == "GatedRepo";
        let finding = match self.answer.status {
            401 if gated => self.gated_no_token("the request carries no token", Certainty::Confirmed),
            403 if gated => self.not_accepted(&message),
            403 if is_about_the_token(&message) => self.scope(&message),
            403 if is_about_the_repository(&message) => return Conclusion::ok("the refusal is not about permission"),
            403 if self.answer.with_token => self.scope(&message),
            _ => return self.not_seen(),
        };
        Conclusion::ok("").with([finding])
    }

    /// 401 without an error code, or 404: the repository is missing, or hidden from whoever asks.
    fn not_seen(&self) -> Conclusion {
        if matches!(code(self.answer).as_str(), "EntryNotFound" | "RevisionNotFound") {
            return Conclusion::ok(format!("{} may be read{}", self.target.repo_id, as_whom(self.seen)));
        }
        if let Some(finding) = self.scope_hides().or_else(|| self.token_not_sent()) {
            return Conclusion::ok("").with([finding]);
        }
        Conclusion::ok("nothing to test: no such repository can be seen")
    }

    fn gated_no_token(&self, why: &str, certainty: Certainty) -> Finding {
        let summary = format!("{} is gated, and {why}", self.target.repo_id);
        Finding::new(Cause::GatedNoToken, certainty, summary)
            .with_evidence(self.both_sides())
            .with_evidence(self.tokens_that_are_not_sent())
            .with_fixes(self.fixes_of_unsent_tokens())
            .fix(self.log_in())
            .fix(self.open_page("accept the conditions on the repository's page with the same account"))
    }

    fn not_accepted(&self, message: &str) -> Finding {
        let who = as_whom(self.seen);
        let id = &self.target.repo_id;
        let (state, remedy) = if message.contains("awaiting a review") {
            ("the request for access awaits the authors' review", None)
        } else if message.contains("has been rejected") {
            ("the authors have rejected the request for access", None)
        } else if message.contains("has been reset") {
            ("the authors have reset the request for access", Some("send a new request on the repository's page"))
        } else {
            ("its conditions have not been accepted", Some("accept the conditions on the repository's page"))
        };
        let mut finding =
            Finding::new(Cause::GatedNotAccepted, Certainty::Confirmed, format!("{id} is gated: {state}{who}"))
                .with_evidence(self.both_sides())
                .saw(Source::Hub, format!("\"{message}\""));
        if let Ok(record) = self.seen.record()
            && let Some(repository) = &record.repository
            && let Some(kind) = repository.gated.as_str()
        {
            let meaning =
                if kind == "manual" { "the authors review each request" } else { "access is granted at once" };
            finding = finding.saw(Source::Hub, format!("gated: {kind}, {meaning}"));
        }
        match remedy {
            Some(title) => finding.fix(self.open_page(title)),
            None => finding.fix(Fix::manual("gate-wait", "only the authors can grant access; no client setting helps")),
        }
    }

    fn scope(&self, message: &str) -> Finding {
        let organization = message.contains("organization");
        let title = if organization {
            "an administrator of the organization has to approve the token"
        } else {
            "give the token \"Read access to contents of all public gated repos you can access\""
        };
        let mut finding = Finding::new(
            Cause::TokenScope,
            Certainty::Confirmed,
            format!("the active token may not read {}", self.target.repo_id),
        )
        .saw(Source::Hub, format!("\"{message}\""))
        .with_evidence(self.both_sides());
        if let Some(identity) = self.seen.whoami().ok().and_then(|whoami| whoami.identity.as_ref()) {
            finding = finding.saw(Source::Hub, format!("whoami: {}", identity.describe()));
            if let Some(fine) = identity.fine_grained() {
                finding = finding
                    .saw(Source::Hub, format!("may read public gated repositories: {}", fine.can_read_gated_repos));
            }
        }
        finding.fix(token_page(title)).fix(self.open_page("the account must have accepted the conditions as well"))
    }

    /// A fine-grained token that names no permission on a repository of the account's own or of its organizations.
    fn scope_hides(&self) -> Option<Finding> {
        let identity = self.seen.whoami().ok()?.identity.as_ref()?;
        let fine = identity.fine_grained()?;
        let namespace = self.target.repo_id.split_once('/')?.0;
        if !self.answer.with_token || !identity.owns(namespace) || fine.reads(&self.target.repo_id) {
            return None;
        }
        let summary = format!(
            "the fine-grained token names no permission to read {}, so a private one looks missing",
            self.target.repo_id
        );
        Some(
            Finding::new(Cause::TokenScope, Certainty::Likely, summary)
                .with_evidence(self.both_sides())
                .saw(Source::Hub, format!("whoami: {}", identity.describe()))
                .fix(token_page("add \"Read access to contents\" of this repository or its owner to the token")),
        )
    }

    /// A token that the client does not send opens the repository, or might.
    fn token_not_sent(&self) -> Option<Finding> {
        if self.answer.with_token {
            return None;
        }
        let evidence = self.tokens_that_are_not_sent();
        if evidence.is_empty() {
            return None;
        }
        let opened =
            self.seen.other_tokens().ok()?.iter().find(|other| other.access.as_ref().is_ok_and(|a| a.status < 400));
        let certainty = if opened.is_some() { Certainty::Confirmed } else { Certainty::Likely };
        let summary = format!("{} needs a token, and the one on this machine is not sent", self.target.repo_id);
        let mut finding = Finding::new(Cause::TokenMissing, certainty, summary).with_evidence(self.both_sides());
        if let Some(other) = opened {
            finding = finding.saw(Source::Hub, format!("with the {} the same file answers with success", other.place));
        }
        Some(finding.with_evidence(evidence).with_fixes(self.fixes_of_unsent_tokens()).fix(self.log_in()))
    }

    /// Both sides of the control experiment.
    fn both_sides(&self) -> Vec<Evidence> {
        let path = self.resolve.url.path();
        let side = |access: &Result<Answer, _>, how: &str| {
            access
                .as_ref()
                .ok()
                .map(|answer| Evidence::new(Source::Hub, format!("{} on {path} {how}", answer.status_words())))
        };
        let with = self.resolve.with_token.as_ref().and_then(|access| side(access, "with the token"));
        with.into_iter().chain(side(&self.resolve.without, "without a token")).collect()
    }

    /// Tokens that lie on the machine although the request carries none.
    fn tokens_that_are_not_sent(&self) -> Vec<Evidence> {
        let tokens = &self.case.tokens;
        if tokens.active(&self.case.settings).is_some() {
            return Vec::new();
        }
        let mut evidence = Vec::new();
        if let Some(source) = tokens.first() {
            evidence.push(format!(
                "{} is there, but `HF_HUB_DISABLE_IMPLICIT_TOKEN` keeps it from being sent",
                source.place
            ));
        }
        let unread = tokens.ignored.iter().filter(|source| source.token.cleaned().is_some());
        evidence.extend(unread.map(|source| format!("{} is set, but huggingface_hub does not read it", source.place)));
        evidence.extend(tokens.elsewhere.iter().map(|source| {
            format!(
                "{} holds a token, but the client looks in {}",
                source.place,
                self.case.settings.token_path.display()
            )
        }));
        evidence.extend(
            tokens
                .sources
                .iter()
                .filter(|s| s.token.cleaned().is_none())
                .map(|s| format!("{} is set but empty", s.place)),
        );
        evidence.into_iter().map(|detail| Evidence::new(Source::Environment, detail)).collect()
    }

    fn fixes_of_unsent_tokens(&self) -> Vec<Fix> {
        let tokens = &self.case.tokens;
        if tokens.active(&self.case.settings).is_some() {
            return Vec::new();
        }
        let mut fixes = Vec::new();
        if tokens.first().is_some() {
            fixes.push(crate::check::auth::token::remedies::send_saved(self.case));
        } else {
            fixes.extend(
                tokens
                    .elsewhere
                    .iter()
                    .find_map(|other| crate::check::auth::token::remedies::use_other_file(self.case, other)),
            );
        }
        for source in &tokens.ignored {
            if let crate::case::TokenPlace::Variable(name) = source.place {
                fixes.push(
                    Fix::manual("token-rename", "give the token under the name that the client reads")
                        .command(format!("export HF_TOKEN=\"${name}\"")),
                );
            }
        }
        fixes
    }

    fn log_in(&self) -> Fix {
        let path = self.case.settings.token_path.clone();
        Fix::automatic("token-store", Risk::Ask, "log in with a token", vec![Action::StoreToken { path }])
            .command(self.case.clients.login_command())
            .note(format!("a read token of {TOKENS_PAGE} is enough"))
    }

    fn open_page(&self, title: &str) -> Fix {
        let url = self.target.url();
        Fix::automatic("gate-open", Risk::Ask, title, vec![Action::OpenPage { url: url.clone() }]).command(url)
    }
}

fn token_page(title: &str) -> Fix {
    let url = TOKENS_PAGE.to_owned();
    Fix::automatic("token-permissions", Risk::Ask, title, vec![Action::OpenPage { url: url.clone() }]).command(url)
}

fn code(answer: &Answer) -> String {
    answer.error_code().unwrap_or_default()
}

/// The Hub's refusals that name the token (texts of 2026 and of the enterprise token policies).
fn is_about_the_token(message: &str) -> bool {
    message.contains("fine-grained token settings")
        || message.contains("token needs to be approved")
        || message.contains("token has been revoked by the organization")
        || message.contains("not the required permissions")
        || message.contains("sufficient permissions")
}

/// The Hub's refusals that hold for everybody.
fn is_about_the_repository(message: &str) -> bool {
    message.contains("Access to this resource is disabled") || message.contains("not available in your region")
}
