//! Sound float bounds of neurons and outputs over polytopes in the input space.

pub mod constant_neurons;
pub mod float_network;
pub mod reduced;
pub mod refine;
pub mod relaxation;
pub mod unfold;

pub use float_network::{FloatNetwork, FloatRow};
pub use reduced::Reduced;
pub use relaxation::Relaxation;
pub use unfold::{Empty, Known, unfold};

/// Whether the processor has the wide vector instructions that the hot paths are compiled for.
pub fn has_wide_instructions() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("fma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}
