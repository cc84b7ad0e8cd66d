//! Every secret of this machine that is known by value: the tokens that lie about, the credentials in addresses, and the
//! values of variables that are named as secrets. One redactor is made of them, for all that leaves the program.

use hfdoctor_core::redact::Redactor;
use hfdoctor_core::token::Token;
use hfdoctor_core::variable::{self, Kind};

use super::environment::Environment;
use super::token::Tokens;

/// The redactor that knows the secrets of the environment, the tokens and the home directory.
pub fn redactor(environment: &Environment, tokens: &Tokens) -> Redactor {
    let variables = of_variables(environment);
    let all = tokens.all().map(|source| &source.token).chain(&tokens.refresh).chain(&variables);
    Redactor::new(all, environment.home.as_deref())
}

/// The same before tokens were looked for: for what is told of wrong usage.
pub fn redactor_of_environment(environment: &Environment) -> Redactor {
    Redactor::new(of_variables(environment).iter(), environment.home.as_deref())
}

/// What is secret in the variables.
fn of_variables(environment: &Environment) -> Vec<Token> {
    let mut secrets = Vec::new();
    for (name, value) in environment.variables() {
        let kind = variable::variable(name).map(|row| row.kind);
        if matches!(kind, Some(Kind::Address | Kind::Hosts)) || value.contains("://") {
            secrets.extend(variable::credentials(&value));
        } else if variable::is_secret(name) && may_be_secret(&value) {
            secrets.push(value);
        }
    }
    secrets.into_iter().map(|text| Token::new(text.into_bytes())).collect()
}

/// Whether a value may be a secret, by its form: a path, a number or a lone word of the language is none.
fn may_be_secret(value: &str) -> bool {
    let path = value.starts_with(['/', '~', '.']) || value.get(1..3) == Some(":\\");
    let number = value.bytes().all(|b| b.is_ascii_digit());
    let word = value.len() < 12 && value.bytes().all(|b| b.is_ascii_lowercase());
    !(path || number || word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::environment::environment_of;

    #[test]
    fn what_variables_hold_is_masked_wherever_it_turns_up() {
        let environment = environment_of(&[
            ("HOME", "/home/ada"),
            ("PWD", "/home/ada/work/project"),
            ("SSH_AUTH_SOCK", "/tmp/ssh-agent.sock"),
            ("HTTPS_PROXY", "http://ada:my CANARY'pass word@proxy:9"),
            ("PIP_INDEX_URL", "https://ada:pip%20CANARYpip@pypi.corp/simple"),
            ("HF_PASSWD", "hf passwd CANARY"),
            ("DATABASE_PASSWORD", "db-CANARY-1"),
            ("AUTH_MODE", "disabled"),
        ]);
        let redactor = redactor_of_environment(&environment);
        for text in [
            "connecting to http://ada:my CANARY'pass word@proxy:9 failed",
            "the password is my CANARY'pass word, says the proxy",
            "pip CANARYpip",
            "pip%20CANARYpip",
            "got `hf passwd CANARY`",
            "db-CANARY-1",
        ] {
            let shown = redactor.clean(text);
            assert!(!shown.contains("CANARY"), "{shown}");
        }
        assert_eq!(redactor.clean("/tmp/ssh-agent.sock is disabled"), "/tmp/ssh-agent.sock is disabled");
        assert_eq!(redactor.clean("/home/ada/work/project"), "~/work/project");
    }
}
