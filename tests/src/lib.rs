//! Behaviour of duractor, natively and in workerd.
