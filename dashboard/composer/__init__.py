"""The composer: the form on the queue page that submits generations, built from a model's JSON Schema."""
