//! The conformance kit, a test per check.

koppel_conformance::suite!(
    |state, scrubber| std::sync::Arc::new(ipassan_target::connector(state, scrubber)),
    ipassan_target::SCENARIO,
    async || koppel_conformance::Stand::sandbox("ipassan-target").await
);
