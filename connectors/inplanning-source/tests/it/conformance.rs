//! The conformance kit, a test per check.

koppel_conformance::suite!(
    |state, scrubber| std::sync::Arc::new(inplanning_source::connector(state, scrubber)),
    inplanning_source::SCENARIO,
    async || koppel_conformance::Stand::sandbox("inplanning-source").await
);
