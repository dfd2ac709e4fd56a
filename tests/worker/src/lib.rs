//! Actors that the tests in workerd call.
