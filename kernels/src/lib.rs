//! simd128 numeric kernels with a scalar twin.
