//! An actor with bounds of its own, whose cache is kept in storage.

use duractor::{Breaker, Limits, prelude::*};

use crate::UPSTREAM;

#[derive(Default, Actor)]
#[actor(durable_cache, limits = |worker| Limits { connections_max: 2, actor_connections_max: 3, ..worker })]
pub(crate) struct Modest {}

#[methods]
impl Modest {
    #[get("/cached/{*path}")]
    async fn cached(path: &str, cx: &Cx) -> Result<String> {
        Ok(cx.get(format!("{UPSTREAM}/{path}")).await?.text().into_owned())
    }

    /// So many requests at once to one gate.
    #[get("/gate/{gate}/{count}")]
    async fn gate(gate: &str, count: u32, cx: &Cx) -> Result<usize> {
        let asked =
            (0..count).map(|at| cx.get(format!("{UPSTREAM}/gate/{gate}?{at}")).header("cache-control", "no-store"));
        Ok(try_join_all(asked).await?.len())
    }

    /// What another actor has, as it comes.
    #[get("/piped/{*path}")]
    async fn piped(path: &str, cx: &Cx) -> Result<duractor::StreamReply> {
        Ok(cx.get(format!("/{path}")).stream().await?)
    }

    /// Gives up on a gate, and then asks another actor.
    #[get("/impatient/{gate}")]
    async fn impatient(gate: &str, cx: &Cx) -> Result<String> {
        let asked = (0..4).map(|at| cx.get(format!("{UPSTREAM}/gate/{gate}?impatient-{at}")).timeout(millis(50)));
        let late =
            join_all(asked).await.iter().filter(|reply| matches!(reply, Err(FetchError::Timeout { .. }))).count();
        Ok(format!("{late} {}", cx.get("/probe/modest/hello").await?.text()))
    }

    #[get("/guarded/{*path}")]
    async fn guarded(path: &str, cx: &Cx) -> String {
        let reply = cx.get(format!("{UPSTREAM}/{path}")).breaker(Breaker::after(3).open_for(millis(200))).await;
        match reply {
            Ok(reply) => reply.status().to_string(),
            Err(FetchError::CircuitOpen { .. }) => "open".into(),
            Err(error) => error.to_string(),
        }
    }
}
