//! The adapter to workerd: raw exports that `host.js` enters by, and imports that it offers.
//!
//! One instance serves all objects of an isolate. It lives as long as its linear memory does.

mod storage;
mod transaction;

use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
};

use wasm_bindgen::prelude::*;

use crate::{
    app::Router,
    exchange::{Buffer, Frame},
    host::{Host, Read, StorageError, Write},
    instance::{Instance, Setup},
    key::Key,
    refusal::Unread,
    rows::Rows,
};

/// host.js imports these files. wasm-bindgen writes a file beside it only if something of the file is named here.
macro_rules! beside_host {
    ($($file:literal: $export:ident as $name:ident;)*) => {$(
        #[wasm_bindgen(module = $file)]
        extern "C" {
            #[wasm_bindgen(js_name = $export)]
            fn $name();
        }
    )*};
}

beside_host! {
    "/src/workerd/actor.js": runningJournal as actor_js;
    "/src/workerd/answers.js": readHead as answers_js;
    "/src/workerd/bindings.js": askBinding as bindings_js;
    "/src/workerd/call.js": Call as call_js;
    "/src/workerd/connections.js": Connections as connections_js;
    "/src/workerd/dump.js": aim as dump_js;
    "/src/workerd/frame.js": payloadBytes as frame_js;
    "/src/workerd/instance.js": recycle as instance_js;
    "/src/workerd/journal.js": Journal as journal_js;
    "/src/workerd/mock.js": upstreamOf as mock_js;
    "/src/workerd/operations.js": Operations as operations_js;
    "/src/workerd/problem.js": incomplete as problem_js;
    "/src/workerd/request.js": pathOf as request_js;
    "/src/workerd/storage.js": messageOf as storage_js;
    "/src/workerd/streams.js": readStream as streams_js;
    "/src/workerd/wants.js": readWants as wants_js;
}

#[wasm_bindgen(module = "/src/workerd/host.js")]
extern "C" {
    fn init(exports: JsValue);
    fn now() -> f64;
    fn clock() -> f64;
    fn random(address: *mut u8, length: usize);
    fn log(address: *const u8, length: usize);
    fn secret(address: *const u8, length: usize) -> u32;
    fn unjournaled(actor: u32, call: f64);
    fn wake(actor: u32);
    fn read(actor: u32, address: *const u8, length: usize) -> u32;
    fn commit(actor: u32, address: *const u8, length: usize) -> u32;
    fn keep(actor: u32, address: *const u8, length: usize) -> u32;
    fn put(actor: u32, key: *const u8, key_length: usize, value: *const u8, value_length: usize) -> u32;
    fn transact(actor: u32) -> u32;
    fn env(actor: u32) -> JsValue;
}

#[wasm_bindgen]
extern "C" {
    /// The platform's own, which gives at most 65,536 bytes at once.
    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(bytes: &mut [u8]);
}

/// The inbox that stands ready for a request of common size.
const INBOX_BYTES: usize = 4 << 10;

const WASM_PAGE_BYTES: usize = 64 << 10;

/// Words of the control block (docs/exchange.md).
const CONTROL_WORDS: usize = 13;

thread_local! {
    static INSTANCE: OnceCell<Rc<Instance>> = const { OnceCell::new() };
    static INBOX: RefCell<Buffer> = RefCell::default();
    static CONTROL: Cell<[u32; CONTROL_WORDS]> = const { Cell::new([0; CONTROL_WORDS]) };
    /// Whether an entry is under way; then it runs what is woken.
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
    static IS_DEVELOPMENT: Cell<bool> = const { Cell::new(false) };
}

#[wasm_bindgen(start, private)]
fn start() {
    init(wasm_bindgen::exports());
}

/// Makes the instance; called by the export that `#[routes]` writes.
///
/// # Panics
///
/// If the routes are in conflict, with all that is wrong.
pub fn install(routes: fn() -> Router) {
    // Here, after all start functions: one line in the log is enough for a panic.
    std::panic::set_hook(Box::new(|info| Workerd.log(&info.to_string())));
    let app = routes().build().unwrap_or_else(|conflicts| panic!("{conflicts}"));
    let setup = Setup { development: IS_DEVELOPMENT.get(), notify: Some(notify), shows: true, trace: Rc::default() };
    let instance = Rc::new(Instance::new(app, Rc::new(Workerd), setup));
    INSTANCE.with(|cell| assert!(cell.set(instance).is_ok(), "the routes are installed once"));
    INBOX.set(with_instance(|instance| instance.take_spare(INBOX_BYTES)));
    publish();
}

/// Tasks and operations of all actors that have not ended, for tests.
pub fn left() -> (usize, usize) {
    with_instance(Instance::left)
}

/// Fills `bytes` with what no journal has. It is not of the port [`Host`], all of which is in every worker: few seal anything.
pub(crate) fn entropy(bytes: &mut [u8]) {
    get_random_values(bytes);
}

struct Workerd;

impl Host for Workerd {
    fn now(&self) -> f64 {
        now()
    }

    fn clock(&self) -> f64 {
        clock()
    }

    fn random(&self, bytes: &mut [u8]) {
        random(bytes.as_mut_ptr(), bytes.len());
    }

    fn log(&self, text: &str) {
        log(text.as_ptr(), text.len());
    }

    fn env(&self, actor: Key) -> JsValue {
        env(actor.to_bits())
    }

    fn unjournaled(&self, actor: Key, call: f64) {
        unjournaled(actor.to_bits(), call);
    }

    fn secret(&self, name: &str) -> Option<String> {
        publish();
        let frame = take_inbox(secret(name.as_ptr(), name.len()));
        let frame = Frame::new(frame.as_bytes(), 1).and_then(|frame| Ok(frame.opt_str(0)?.map(str::to_owned)));
        frame.unwrap_or_else(|error| panic!("the frame of a secret cannot be read: {error}"))
    }

    fn wake(&self, actor: Key) {
        wake(actor.to_bits());
    }

    fn read(&self, actor: Key, read_: &Read<'_>) -> Result<Rows, StorageError> {
        publish();
        let mut buffer = Buffer::default();
        storage::write_read(&mut buffer, read_);
        let length = read(actor.to_bits(), buffer.as_ptr(), buffer.len());
        let answer = Rows::read(take_inbox(length));
        answer.unwrap_or_else(|error| Err(error.to_string())).map_err(StorageError::new)
    }

    fn commit(&self, actor: Key, writes: &[Write]) -> Result<(), StorageError> {
        publish();
        // What most turns change is the record: it needs no frame.
        if let [Write::Put { key, value }] = writes {
            return storage_outcome(put(actor.to_bits(), key.as_ptr(), key.len(), value.as_ptr(), value.len()));
        }
        let mut buffer = Buffer::default();
        storage::write_commit(&mut buffer, writes);
        storage_outcome(commit(actor.to_bits(), buffer.as_ptr(), buffer.len()))
    }

    fn keep(&self, actor: Key, writes: &[Write]) -> Result<(), StorageError> {
        publish();
        let mut buffer = Buffer::default();
        storage::write_commit(&mut buffer, writes);
        storage_outcome(keep(actor.to_bits(), buffer.as_ptr(), buffer.len()))
    }

    fn transact(&self, actor: Key, body: &mut dyn FnMut() -> bool) -> Result<(), StorageError> {
        publish();
        storage_outcome(transaction::run(body, || transact(actor.to_bits())))
    }

    fn memory_bytes(&self) -> usize {
        core::arch::wasm32::memory_size(0) * WASM_PAGE_BYTES
    }
}

/// What the host says of a commit: nothing, or how long the frame is that says why not.
fn storage_outcome(length: u32) -> Result<(), StorageError> {
    if length == 0 { Ok(()) } else { Err(storage::read_failure(&take_inbox(length))) }
}

fn with_instance<R>(act: impl FnOnce(&Instance) -> R) -> R {
    INSTANCE.with(|cell| act(cell.get().expect("the routes are installed first")))
}

fn notify(task: Key) {
    if !IS_INSIDE.get() {
        with_instance(|instance| instance.notify(task));
    }
}

/// Does what an entry is for, and shows what it left.
fn enter(act: impl FnOnce(&Instance)) -> u32 {
    IS_INSIDE.set(true);
    with_instance(act);
    IS_INSIDE.set(false);
    publish()
}

/// Writes the control block, and returns the outbox's address, or 0 where it is empty.
fn publish() -> u32 {
    with_instance(|instance| {
        let mut inbox = INBOX.take();
        if inbox.is_empty() {
            inbox = instance.take_spare(INBOX_BYTES);
        }
        let outbox = instance.outbox();
        let (frames, limits) = (outbox.frames(), instance.limits());
        let of_actor = instance.limits_of(instance.entered());
        CONTROL.set([
            inbox.as_ptr().addr() as u32,
            inbox.len() as u32,
            frames.as_ptr().addr() as u32,
            frames.len() as u32,
            limits.body_max_bytes,
            limits.path_max_bytes,
            of_actor.connections_max,
            limits.chain_max,
            std::ptr::from_ref(instance.trace()).addr() as u32,
            u32::from(instance.routes_by_path()),
            limits.journals_max_bytes,
            limits.recycle_min_bytes,
            of_actor.actor_connections_max,
        ]);
        INBOX.set(inbox);
        if frames.is_empty() { 0 } else { frames.as_ptr().addr() as u32 }
    })
}

/// The inbox, cut to the frame that was written.
fn take_inbox(length: u32) -> Buffer {
    let mut inbox = INBOX.take();
    inbox.resize(length as usize);
    inbox
}

fn key(bits: u32) -> Key {
    Key::from_bits(bits)
}

/// In development clients read why their requests failed. Called before the routes are installed.
#[unsafe(no_mangle)]
extern "C" fn duractor_develop() {
    IS_DEVELOPMENT.set(true);
}

#[unsafe(no_mangle)]
extern "C" fn duractor_control() -> u32 {
    CONTROL.with(|control| control.as_ptr().addr() as u32)
}

/// Makes the inbox at least `bytes` long.
#[unsafe(no_mangle)]
extern "C" fn duractor_reserve(bytes: u32) {
    let mut inbox = INBOX.take();
    inbox.expose(bytes as usize);
    INBOX.set(inbox);
    publish();
}

#[unsafe(no_mangle)]
extern "C" fn duractor_route(length: u32) -> u32 {
    let frame = take_inbox(length);
    enter(|instance| instance.route(frame))
}

/// Brings an actor into memory and returns its key, or -1 with a response in the outbox.
#[unsafe(no_mangle)]
extern "C" fn duractor_activate(length: u32) -> f64 {
    let buffer = take_inbox(length);
    let mut actor = -1.0;
    enter(|instance| actor = activate(instance, &buffer));
    actor
}

fn activate(instance: &Instance, buffer: &Buffer) -> f64 {
    let parts =
        Frame::new(buffer.as_bytes(), 3).and_then(|frame| Ok((frame.str(0)?, frame.str(1)?, frame.opt_bytes(2)?)));
    match parts {
        Ok((class, name, stored)) => {
            instance.activate(class, name, stored).map_or(-1.0, |key: Key| f64::from(key.to_bits()))
        }
        Err(error) => panic!("the frame of an activation cannot be read: {error}"),
    }
}

#[unsafe(no_mangle)]
extern "C" fn duractor_call(actor: u32, length: u32, known: u32) -> u32 {
    let frame = take_inbox(length);
    enter(|instance| instance.call(key(actor), frame, known))
}

#[unsafe(no_mangle)]
extern "C" fn duractor_resume(actor: u32, length: u32) -> u32 {
    let frame = take_inbox(length);
    enter(|instance| instance.resume(key(actor), frame))
}

#[unsafe(no_mangle)]
extern "C" fn duractor_run(actor: u32) -> u32 {
    enter(|instance| instance.run(key(actor)))
}

#[unsafe(no_mangle)]
extern "C" fn duractor_cancel(actor: u32, task: u32) -> u32 {
    enter(|instance| instance.cancel(key(actor), key(task)))
}

#[unsafe(no_mangle)]
extern "C" fn duractor_abort(actor: u32, task: u32) -> u32 {
    enter(|instance| instance.abort(key(actor), key(task)))
}

#[unsafe(no_mangle)]
extern "C" fn duractor_refuse(reason: u32) -> u32 {
    let reason = match reason {
        0 => Unread::Body,
        1 => Unread::Path,
        2 => Unread::Headers,
        _ => Unread::Chain,
    };
    enter(|instance| instance.refuse(reason))
}

#[unsafe(no_mangle)]
extern "C" fn duractor_drop(actor: u32) {
    enter(|instance| instance.deactivate(key(actor)));
}

/// What is between the start and the end of a transaction. True if it is kept.
#[unsafe(no_mangle)]
extern "C" fn duractor_transact() -> u32 {
    let is_kept = transaction::body();
    // What was read in it took the inbox, where the host may have to say that the transaction cannot be kept.
    publish();
    u32::from(is_kept)
}

/// What every actor stores, as `[length u32][JSON]`, for whoever compares builds.
#[unsafe(no_mangle)]
extern "C" fn duractor_layouts() -> u32 {
    let json = with_instance(Instance::describe);
    let text = [&(json.len() as u32).to_le_bytes(), json.as_bytes()].concat();
    text.leak().as_ptr().addr() as u32
}
