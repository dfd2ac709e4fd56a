//! A thousand requests at once, to fifty actors, each with a fan-out of its own: no answer is mixed up.

use std::thread;

use duractor_tests::workerd;
use serde_json::json;

const REQUESTS: usize = 1_000;
const ACTORS: usize = 50;
const FAN: usize = 4;

#[test]
fn a_thousand_calls_at_once_are_not_mixed_up() {
    workerd();
    thread::scope(|scope| {
        for id in 0..REQUESTS {
            let client = thread::Builder::new().stack_size(256 << 10);
            client.spawn_scoped(scope, move || call(id)).unwrap();
        }
    });
}

fn call(id: usize) {
    let actor = format!("actor {}", id % ACTORS);
    let fan: Vec<_> = (0..FAN).map(|at| format!("/text/{id}/{at}")).collect();
    // Some bodies are larger than the buffers that are kept for the next request.
    let job = json!({ "id": id, "text": format!("{id} ").repeat(id % 7 * 1_000), "fan": fan });
    let answer = workerd().post_json(format!("/outbound/{}/job", actor.replace(' ', "%20")), &job);
    let replies: Vec<_> = (0..FAN).map(|at| format!("{id}/{at}")).collect();
    let expected = json!({ "actor": actor, "job": job, "replies": replies });
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.json() == expected, "the answer to {id} is another one's: {}", answer.text());
}
