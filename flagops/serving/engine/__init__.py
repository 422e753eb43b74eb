"""An environment's document, evaluated by Flagsmith's own engine as SDKs do it, and the decision told apart."""
