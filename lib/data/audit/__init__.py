"""What an audit looks for: one small file a family of checks, `registry` names them in order."""
