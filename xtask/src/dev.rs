//! All examples on this machine.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, ToSocketAddrs};
use std::process::Child;

use anyhow::{Context, Result, bail};

use crate::setup;
use crate::shell::{announce, cargo, node, run};

/// Where dumps are received.
const DUMPS_PORT: u16 = 8790;

/// Runs `wrangler dev` until it is stopped.
pub(crate) fn dev(port: u16, dumps: bool) -> Result<()> {
    setup::setup()?;
    check_port(port)?;
    announce("building the examples; the first time takes a minute or two");
    let build = ["build", "--dev", "--package", "duractor-examples", "--wrangler", "wrangler.toml"];
    run(cargo(["run", "--quiet", "--package", "duractor-cli", "--"]).args(build))?;

    let receiver = dumps.then(receive_dumps).transpose()?;
    announce(&format!("http://localhost:{port} (stop with Ctrl-C)"));
    let mut wrangler = node("wrangler/bin/wrangler.js", ["dev", "--port", &port.to_string()]);
    if dumps {
        wrangler.args(["--var", &format!("DURACTOR_DUMP:http://127.0.0.1:{DUMPS_PORT}")]);
    }
    // The banner is what asks whether there is a newer wrangler.
    let ended = run(wrangler.env("WRANGLER_SEND_METRICS", "false").env("WRANGLER_HIDE_BANNER", "true"));
    if let Some(mut receiver) = receiver {
        // It may have ended with the terminal.
        let _ = receiver.kill().and_then(|()| receiver.wait());
    }
    ended
}

/// Has dumps written to `dumps/` in the background.
fn receive_dumps() -> Result<Child> {
    if is_taken((Ipv4Addr::LOCALHOST, DUMPS_PORT)) {
        bail!("port {DUMPS_PORT}, where dumps are received, is in use; stop what uses it, or leave out --dump");
    }
    let mut command = cargo(["run", "--quiet", "--package", "duractor-cli", "--", "receive-dumps"]);
    command.args(["--port", &DUMPS_PORT.to_string()]).spawn().context("cannot run `duractor receive-dumps`")
}

fn check_port(port: u16) -> Result<()> {
    if is_taken((Ipv4Addr::LOCALHOST, port)) || is_taken((Ipv6Addr::LOCALHOST, port)) {
        bail!("port {port} is in use; stop what uses it, or choose another: cargo xtask dev --port {}", other(port));
    }
    Ok(())
}

fn is_taken(address: impl ToSocketAddrs) -> bool {
    TcpListener::bind(address).is_err_and(|error| error.kind() == ErrorKind::AddrInUse)
}

fn other(port: u16) -> u16 {
    port.checked_add(1).unwrap_or(port - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_refused_with_another_to_try() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = check_port(port).unwrap_err().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--port"), "{error}");
    }

    #[test]
    fn the_last_port_has_another_too() {
        assert_eq!(other(8787), 8788);
        assert_eq!(other(u16::MAX), u16::MAX - 1);
    }
}
