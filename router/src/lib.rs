//! Path patterns to actor class, actor name and route.
