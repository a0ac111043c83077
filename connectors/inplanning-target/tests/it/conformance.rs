//! The conformance kit, a test per check.

koppel_conformance::suite!(
    |state, scrubber| std::sync::Arc::new(inplanning_target::connector(state, scrubber)),
    inplanning_target::SCENARIO,
    async || koppel_conformance::Stand::sandbox("inplanning-target").await
);
