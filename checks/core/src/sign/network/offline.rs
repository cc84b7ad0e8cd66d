//! Words: switches that forbid requests.

use crate::diagnosis::Cause;
use crate::sign::Sign;

pub(super) const SIGNS: &[Sign] = &[
    // swift-transformers
    Sign::decisive(Cause::OfflineMode, "offline mode error: "),
    Sign::decisive(Cause::OfflineMode, "'local_files_only=true' is set and no matching entry"),
    Sign::symptom(Cause::OfflineMode, "localentrynotfound { path"),
    Sign::decisive(Cause::OfflineMode, "cannot access file since 'local_files_only=true'"),
    Sign::decisive(Cause::OfflineMode, "when offline mode is enabled"),
    Sign::decisive(Cause::OfflineMode, "and 'local_files_only=true' at the same time"),
    Sign::decisive(Cause::OfflineMode, "pass 'local_files_only=false'"),
    Sign::symptom(Cause::OfflineMode, "is not cached in").with(&["dataset"]),
    Sign::symptom(Cause::OfflineMode, "looks like you're offline"),
    Sign::decisive(Cause::OfflineMode, "offline mode is enabled"),
    Sign::decisive(Cause::OfflineMode, "offlinemodeisenabled"),
    Sign::decisive(Cause::OfflineMode, "outgoing traffic has been disabled"),
    Sign::decisive(Cause::OfflineMode, "outgoing traffic is disabled")
        .without(&["incompletesnapshot", "is incomplete"]),
    Sign::decisive(Cause::OfflineMode, "set 'local_files_only' to false"),
    Sign::decisive(Cause::OfflineMode, "hf_hub_offline").with(&["unset", "disable it"]).without(&["unless", "if you"]),
    Sign::hint(Cause::OfflineMode, "hf_hub_offline=1"),
    Sign::hint(Cause::OfflineMode, "transformers_offline=1"),
    Sign::hint(Cause::OfflineMode, "hf_datasets_offline").with(&["=1"]),
    Sign::decisive(Cause::OfflineMode, "(offline mode)"),
    Sign::symptom(Cause::OfflineMode, "`local_files_only=true`"),
    Sign::symptom(Cause::OfflineMode, "local_files_only=true").with(&[
        "not found",
        "cannot find",
        "missing",
        "locally",
    ]),
    Sign::symptom(Cause::OfflineMode, "is in offline mode"),
    Sign::decisive(Cause::OfflineMode, "hf_hub_offline is set"),
    Sign::decisive(Cause::OfflineMode, "cannot download model in offline mode"),
    Sign::decisive(Cause::OfflineMode, "offline mode: repository not available locally"),
    Sign::decisive(Cause::OfflineMode, "env.allowremotemodels=false"),
    Sign::decisive(Cause::OfflineMode, "offline mode and the file"),
    Sign::symptom(Cause::OfflineMode, "allow_remote_models=false"),
];
