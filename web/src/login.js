import { call } from "./api.js";

export function login() {
  return {
    busy: false,
    error: "",
    async send() {
      const form = this.$root.querySelector("form");
      const body = { email: form.elements.email.value.trim(), password: form.elements.password.value };
      if (form.elements.code.value.trim()) body.code = form.elements.code.value.trim();
      this.busy = true;
      this.error = "";
      try {
        const { principal } = await call("POST", "/api/v1/auth/login", body);
        location.assign(principal.duty ? "/account" : this.$root.dataset.next);
      } catch (error) {
        this.error = error.message;
        this.busy = false;
      }
    },
  };
}
