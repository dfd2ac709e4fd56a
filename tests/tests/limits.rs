//! Bounds of an actor's own, circuit breakers and a cache that is kept, in workerd.

use duractor_tests::{
    wait_until, workerd,
    workerd::{Internet, Workerd},
};

#[test]
fn the_calls_of_an_actor_share_its_connections() {
    let call = |count: u32| workerd().request("GET", format!("/modest/shares/gate/modest/{count}")).start().unwrap();
    let calls: Vec<_> = (0..4).map(|_| call(3)).collect();
    wait_until("three wait", || (workerd().waiting_at("modest") == 3).then_some(()));
    // One that leaves while it waits takes no connection with it.
    call(2).reset().unwrap();
    workerd().open("modest");
    for call in calls {
        assert_eq!(call.answer().unwrap().ok(), "3");
    }
    assert_eq!(workerd().upstream("/state/modest").json()["most"], 3);
    assert_eq!(call(5).answer().unwrap().ok(), "5");
}

#[test]
fn requests_that_are_given_up_in_line_leave_it() {
    let gates: Vec<_> =
        (0..2).map(|_| workerd().request("GET", "/modest/gives-up/gate/gives-up/2").start().unwrap()).collect();
    wait_until("three wait", || (workerd().waiting_at("gives-up") == 3).then_some(()));
    assert_eq!(workerd().get("/modest/gives-up/impatient/gives-up").ok(), "4 Hello from actor");
    workerd().open("gives-up");
    for gate in gates {
        assert_eq!(gate.answer().unwrap().ok(), "2");
    }
    // What other actors answer takes no connection, nor gives one back.
    for _ in 0..5 {
        assert_eq!(workerd().get("/modest/gives-up/piped/probe/modest/hello").ok(), "Hello from actor");
    }
    let calls: Vec<_> = (0..4)
        .map(|call| {
            let path = format!("/modest/gives-up/gate/bounded/2?{call}");
            workerd().request("GET", path).start().unwrap()
        })
        .collect();
    wait_until("three wait", || (workerd().waiting_at("bounded") == 3).then_some(()));
    workerd().open("bounded");
    for call in calls {
        assert_eq!(call.answer().unwrap().ok(), "2");
    }
    assert_eq!(workerd().upstream("/state/bounded").json()["most"], 3);
}

#[test]
fn an_origin_that_keeps_failing_is_left_alone_for_a_while() {
    let ask = || workerd().get("/modest/guards/guarded/passing/4/503/guarded").ok().to_owned();
    let asked = || workerd().asked("/passing/4/503/guarded");
    for _ in 0..3 {
        assert_eq!(ask(), "503");
    }
    assert_eq!((ask().as_str(), asked()), ("open", 3));
    // One is let through, and fails.
    wait_until("the circuit lets one through", || (ask() == "503").then_some(()));
    assert_eq!(ask(), "open");
    wait_until("the circuit closes", || (ask() == "200").then_some(()));
    assert_eq!((ask().as_str(), asked()), ("200", 6));
}

#[test]
fn a_durable_cache_outlives_its_object() {
    let workerd = Workerd::start(Internet::Upstream).unwrap();
    let text = |workerd: &Workerd, path: &str| workerd.get(format!("/modest/keeps/cached/{path}")).ok().to_owned();
    assert_eq!(text(&workerd, "fresh/600/0/kept"), "answer 1");
    assert_eq!(text(&workerd, "fresh/0/0/kept"), "answer 1");
    let workerd = workerd.restart().unwrap();
    assert_eq!(text(&workerd, "fresh/600/0/kept"), "answer 1");
    assert_eq!(workerd.asked("/fresh/600/0/kept"), 0);
    assert_eq!(text(&workerd, "fresh/0/0/kept"), "answer 1");
    assert_eq!(workerd.asked("/fresh/0/0/kept"), 1);
    workerd.kill();
}
