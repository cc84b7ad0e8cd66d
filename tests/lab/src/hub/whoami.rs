//! `/api/whoami-v2`.

use serde_json::{Value, json};

use super::access::{Identity, Refusal};
use super::answer::Answer;
use super::app::Call;
use crate::state::{Role, Token};
use crate::text;

pub(crate) fn answer(call: Call<'_>, who: Identity<'_>) -> Result<Answer, Refusal> {
    let Identity::Known(token) = who else {
        return Err(Refusal::new(401, None, "Invalid username or password."));
    };
    let user = call.state.user.get(&token.user).cloned().unwrap_or_default();
    let id = |name: &str| text::sha1(name.as_bytes())[..24].to_owned();
    let orgs: Vec<Value> = user
        .orgs
        .iter()
        .map(|org| json!({ "type": "org", "id": id(org), "name": org, "fullname": org, "roleInOrg": "read", "isEnterprise": false }))
        .collect();
    let mut body = json!({
        "type": "user",
        "id": id(&token.user),
        "name": token.user,
        "fullname": token.user,
        "emailVerified": true,
        "canPay": false,
        "billingMode": "prepaid",
        "periodEnd": Value::Null,
        "isPro": user.pro,
        "orgs": orgs,
        "auth": { "type": "access_token" },
    });
    if let Some(email) = &user.email {
        body["email"] = email.clone().into();
    }
    if token.oauth {
        body["auth"] = json!({ "type": "oauth" });
    } else {
        body["auth"]["accessToken"] = access_token(token);
    }
    Ok(Answer::json(200, &body))
}

fn access_token(token: &Token) -> Value {
    let mut block = json!({
        "displayName": token.name,
        "role": token.role.word(),
        "createdAt": "2026-01-15T09:00:00.000Z",
    });
    if token.role == Role::FineGrained {
        let scoped: Vec<Value> = token
            .scoped
            .iter()
            .map(|scope| {
                let id = &text::sha1(scope.entity.as_bytes())[..24];
                json!({ "entity": { "_id": id, "type": scope.kind, "name": scope.entity }, "permissions": scope.permissions })
            })
            .collect();
        block["fineGrained"] =
            json!({ "canReadGatedRepos": token.can_read_gated_repos, "global": token.global, "scoped": scoped });
    }
    block
}
