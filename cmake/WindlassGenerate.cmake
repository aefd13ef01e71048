# windlass_generate() is defined here; see codegen/README.md.
