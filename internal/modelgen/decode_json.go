package main

func (g *generator) writeDecodeJSON(s *source) error { return nil }
func (g *generator) writeEncodeJSON(s *source) error { return nil }
func (g *generator) writeQuery(s *source) error      { return nil }
func (g *generator) writeValidate(s *source) error   { return nil }
func (g *generator) validatorOf(op string) string    { return "nil" }
