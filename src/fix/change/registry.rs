//! A variable of the user in the registry of Windows (`HKCU\Environment`).

use std::io;
use std::process::{Command, Stdio};

use winreg::RegKey;
use winreg::enums::{HKEY_CURRENT_USER, KEY_READ, KEY_WRITE, RegType};

use super::super::digest::sha256;
use super::super::world::Step;
use super::{Back, Change, Halt, Recorder, RegistryValue};

fn key() -> io::Result<RegKey> {
    RegKey::predef(HKEY_CURRENT_USER).open_subkey_with_flags("Environment", KEY_READ | KEY_WRITE)
}

fn read(name: &str) -> io::Result<Option<String>> {
    match key()?.get_value::<String, _>(name) {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Writes the value, then lets PowerShell write it again: that tells running programs, such as the desktop from which
/// terminals are started, to read the variables anew. The value travels in a variable, so that nothing needs quoting.
fn write(name: &str, value: Option<&str>) -> io::Result<()> {
    let key = key()?;
    match value {
        // A value that refers to others must stay of the kind that is expanded.
        Some(value) if key.get_raw_value(name).is_ok_and(|old| old.vtype == RegType::REG_EXPAND_SZ) => {
            let bytes = value.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
            key.set_raw_value(name, &winreg::RegValue { bytes: bytes.into(), vtype: RegType::REG_EXPAND_SZ })?;
        }
        Some(value) => key.set_value(name, &value)?,
        None => match key.delete_value(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        },
    }
    let new = if value.is_some() { "$env:HFDOCTOR_VALUE" } else { "$null" };
    let _ = Command::new("powershell.exe")
        .args(["-NoProfile", "-NonInteractive", "-Command"])
        .arg(format!("[Environment]::SetEnvironmentVariable('{name}',{new},'User')"))
        .env("HFDOCTOR_VALUE", value.unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    Ok(())
}

impl Recorder<'_> {
    /// Sets or removes a variable of the user. Says whether anything changed.
    pub(crate) fn set_registry(&mut self, name: &str, value: Option<&str>) -> Result<bool, Halt> {
        let world = self.world;
        let current = read(name)?;
        if current.as_deref() == value {
            return Ok(false);
        }
        let before = match &current {
            Some(current) => Some(self.journal()?.save(world, "before", current.as_bytes())?),
            None => None,
        };
        let change = Change::Registry(RegistryValue {
            name: name.to_owned(),
            before,
            after: value.map(|value| sha256(value.as_bytes())),
        });
        let step = self.intend(&change)?;
        match world.reach(Step::Intended).and_then(|()| write(name, value)) {
            Ok(()) => {
                world.reach(Step::Changed)?;
                self.done(step)?;
                Ok(true)
            }
            Err(error) => {
                self.abandon(step, &error.to_string());
                Err(Halt::Failed(format!("`{name}` in the registry: {error}")))
            }
        }
    }
}

pub(super) fn take_back(value: &RegistryValue) -> Back {
    let name = &value.name;
    let undone = || -> io::Result<Back> {
        let now = read(name)?.map(|now| sha256(now.as_bytes()));
        if now.as_ref() == value.before.as_ref().map(|before| &before.sha256) {
            return Ok(Back::AlreadyThere(format!("`{name}` has its earlier value")));
        }
        if now != value.after {
            return Ok(Back::CouldNot(format!("`{name}` was changed again since: it was left alone")));
        }
        let before = match &value.before {
            Some(before) => Some(String::from_utf8(before.read()?).map_err(io::Error::other)?),
            None => None,
        };
        write(name, before.as_deref())?;
        Ok(Back::Restored(format!("`{name}` has its earlier value again")))
    };
    undone().unwrap_or_else(|error| Back::CouldNot(format!("`{name}` in the registry: {error}")))
}
