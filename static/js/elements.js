// Small elements that bring themselves to life wherever a page or an answer puts them.

// A button [data-print]
on('click', '[data-print]', () => print());

// <nx-copy> with a button [data-copy]
customElements.define('nx-copy', class extends HTMLElement {
  connectedCallback() {
    this.addEventListener('click', async (event) => {
      const button = event.target.closest('[data-copy]');
      if (!button) return;
      try {
        await navigator.clipboard.writeText(button.dataset.copy);
      } catch {
        find('input', this)?.select();
        return;
      }
      const use = find('use', button);
      const href = use.getAttribute('href');
      use.setAttribute('href', href.replace(/#.*/, '#check'));
      setTimeout(() => use.setAttribute('href', href), 1500);
    });
  }
});

// <nx-countdown until="2026-11-22T10:00:00+00:00">
customElements.define('nx-countdown', class extends HTMLElement {
  connectedCallback() {
    this.tick();
    this.clock = setInterval(() => this.tick(), 1000);
  }

  disconnectedCallback() { clearInterval(this.clock); }

  tick() {
    const left = Math.round((new Date(this.getAttribute('until')) - Date.now()) / 1000);
    const time = find('time', this);
    if (left <= 0) {
      clearInterval(this.clock);
      this.toggleAttribute('soon', false);
      this.toggleAttribute('over', true);
      this.textContent = this.getAttribute('done');
      this.dispatchEvent(new CustomEvent('countdown:over', { bubbles: true }));
      return;
    }
    this.toggleAttribute('soon', left <= 30);
    const hours = Math.floor(left / 3600);
    const minutes = Math.floor((left % 3600) / 60);
    const seconds = String(left % 60).padStart(2, '0');
    time.textContent = hours >= 24 ? `${Math.floor(hours / 24)} d ${hours % 24} h` : hours ? `${hours} h ${minutes} min` : `${minutes}:${seconds}`;
  }
});

// <nx-result>: the counter hears and feels the answer, and the keyboard goes on from there.
customElements.define('nx-result', class extends HTMLElement {
  connectedCallback() {
    // On a page that came as a whole the browser puts the focus where it belongs.
    if (document.readyState !== 'complete') return;
    if (navigator.userActivation?.hasBeenActive) navigator.vibrate?.(this.getAttribute('kind') === 'ok' ? 60 : [80, 60, 80]);
    (find('[autofocus], .button', this) || this.firstElementChild)?.focus({ preventScroll: true });
    this.scrollIntoView({ block: 'nearest' });
  }
});

// <nx-save-bar for="form-id">
customElements.define('nx-save-bar', class extends HTMLElement {
  connectedCallback() {
    const form = () => document.getElementById(this.getAttribute('for'));
    this.changed = (event) => { if (event.target.form === form()) this.toggleAttribute('dirty', true); };
    this.sent = (event) => { if (event.target === form()) this.toggleAttribute('dirty', false); };
    document.addEventListener('input', this.changed);
    document.addEventListener('submit', this.sent);
    this.toggleAttribute('dirty', Boolean(form()?.querySelector('[aria-invalid=true], .form-errors')));
  }

  disconnectedCallback() {
    document.removeEventListener('input', this.changed);
    document.removeEventListener('submit', this.sent);
  }
});


// <nx-here from="/sign-up/where">: gets its place in the page again, for the clock of this device.
customElements.define('nx-here', class extends HTMLElement {
  connectedCallback() {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    if (!zone) return;
    const address = `${this.getAttribute('from')}?zone=${encodeURIComponent(zone)}`;
    htmx.ajax('GET', address, { target: '#where', swap: 'outerHTML' });
  }
});
