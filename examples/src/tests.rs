#[test] fn routes_are_free_of_conflicts() { let _ = super::routes(); }
