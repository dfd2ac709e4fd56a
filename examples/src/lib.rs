//! Example actors, all in one worker.
