//! The worker under `wrangler dev`: a smoke test of what users run.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::fs::symlink,
};

use duractor_tests::{
    http::Request,
    process::{Folder, Running},
    wait_until,
    workerd::root,
};

/// A port where nobody listens. Another program may take it before wrangler does.
fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

/// A folder with the worker's configuration and build, so that wrangler keeps its files there.
fn start(folder: Folder, port: u16) -> Running {
    let worker = root().join("tests/worker");
    assert!(worker.join("build/worker.js").exists(), "the worker is not built: run `cargo xtask test`");
    let config = folder.path().join("wrangler.toml");
    symlink(worker.join("build"), folder.path().join("build")).unwrap();
    std::fs::copy(worker.join("wrangler.toml"), &config).unwrap();
    let wrangler = root().join("node_modules/wrangler/bin/wrangler.js");
    let port = port.to_string();
    let program = [
        "node".as_ref(),
        wrangler.as_os_str(),
        "dev".as_ref(),
        "--config".as_ref(),
        config.as_os_str(),
        "--ip".as_ref(),
        "127.0.0.1".as_ref(),
        "--port".as_ref(),
        port.as_ref(),
        "--inspector-port".as_ref(),
        "0".as_ref(),
        "--show-interactive-dev-session=false".as_ref(),
    ];
    let logs = folder.path().join("logs");
    let quiet = [
        ("WRANGLER_SEND_METRICS", "false"),
        ("WRANGLER_LOG_PATH", logs.to_str().unwrap()),
        ("CLOUDFLARE_CF_FETCH_ENABLED", "false"),
        ("CI", "true"),
        ("NO_COLOR", "1"),
    ];
    Running::start(folder, program, &quiet).unwrap()
}

/// KV and R2 as operations, which wrangler keeps.
fn assert_bindings(request: &impl Fn(&str, &str) -> Request) {
    assert_eq!(request("GET", "/stores/ann/kv/key").send().status, 404);
    for key in ["key", "list-1", "list-2", "list-3"] {
        assert_eq!(request("PUT", &format!("/stores/ann/kv/{key}")).body("text").send().status, 204);
    }
    assert_eq!(request("GET", "/stores/ann/kv/key").send().ok(), "text by ann");
    assert_eq!(request("GET", "/stores/ann/keys/list").send().ok(), r#"[["list-1","list-2"],["list-3"]]"#);
    assert_eq!(request("DELETE", "/stores/ann/kv/key").send().status, 204);
    assert_eq!(request("GET", "/stores/ann/kv/key").send().status, 404);

    assert_eq!(request("GET", "/stores/ann/r2/photo").send().status, 404);
    for key in ["photo", "p%2Fone", "p%2Fdir%2Fone", "p%2Fdir%2Ftwo"] {
        let put = request("PUT", &format!("/stores/ann/r2/{key}")).body("pixels").send();
        assert!(put.ok().ends_with(" 6 32"), "{}", put.text());
    }
    assert_eq!(request("GET", "/stores/ann/r2/photo").send().ok(), "pixels ix image/png ann 6 true");
    assert_eq!(request("GET", "/stores/ann/objects/p").send().ok(), "p/one p/dir/ false");
    assert_eq!(request("DELETE", "/stores/ann/r2/photo").send().status, 204);
    assert_eq!(request("GET", "/stores/ann/r2/photo").send().status, 404);
}

#[test]
fn the_worker_runs_under_wrangler_dev() {
    let port = free_port();
    let _wrangler = start(Folder::new().unwrap(), port);
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let request = |method: &str, path: &str| Request::new(address, method, path);

    let hello = wait_until("wrangler answers", || {
        request("GET", "/probe/ann/hello").try_send().ok().filter(|answer| answer.status == 200)
    });
    assert_eq!(hello.text(), "Hello from actor");

    let bytes: Vec<u8> = (0..=255).collect();
    assert_eq!(request("POST", "/probe/ann/echo").body(bytes.clone()).send().body, bytes);
    assert_eq!(request("POST", "/probe/ann/add/5").send().ok(), "5");
    assert_eq!(request("GET", "/probe/ann/count").send().ok(), "5");
    assert_eq!(request("GET", "/probe/bob/count").send().ok(), "0");
    assert_eq!(request("GET", "/probe/ann/own-fan/10").send().ok(), "Hello from actor\n".repeat(10));
    assert_eq!(request("GET", "/probe/ann/sleep/5").send().ok(), "5");

    assert_eq!(request("PUT", "/bindings/kv/kv/word").body("stored").send().status, 204);
    assert_eq!(request("GET", "/bindings/kv/both/word").send().ok(), "stored 0");
    assert_bindings(&request);
    assert_eq!(request("POST", "/streams/ann/made/100").send().body.len(), 100 << 10);
    request("POST", "/probe/ann/panic-not-there").send().assert_problem(404, "no-route");
    request("GET", "/probe/ann/panic").send().assert_problem(500, "internal");
    assert_eq!(request("GET", "/probe/ann/count").send().ok(), "5");
}
