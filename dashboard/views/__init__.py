"""The pages. A page and its fragments are one view module, one context, one markup."""
