// Reads QR codes with the camera. Native BarcodeDetector on Android, ChromeOS and Mac Chrome; elsewhere the vendored
// ponyfill, whose WebAssembly only this page's policy allows. The typed field always works.
const PAUSE = 120;
const REASONS = {
  NotAllowedError: 'The camera is not allowed on this page: allow it in the browser, or type instead.',
  NotFoundError: 'There is no camera here: type instead, or use a hand scanner.',
  NotReadableError: 'Another program is using the camera: close it, or type instead.',
  InsecureContext: 'Browsers open the camera only on https addresses: type instead, or use a hand scanner.',
  NoReader: 'The reader of codes could not be loaded: try again, or type instead.',
};

const loadScript = (src) => new Promise((resolve, reject) => {
  const script = document.createElement('script');
  Object.assign(script, { src, onload: resolve, onerror: reject });
  document.head.append(script);
});

customElements.define('nx-scanner', class extends HTMLElement {
  connectedCallback() {
    this.addEventListener('click', (event) => event.target.closest('[data-scan-again]') && this.start());
    this.start();
  }

  async start() {
    if (this.starting || this.stream) return;
    this.starting = true;
    this.removeAttribute('state');
    this.say(this.getAttribute('note'));
    try {
      await this.open();
    } catch (error) {
      this.stop();
      this.setAttribute('state', 'off');
      this.say(REASONS[error.name] ?? 'The camera cannot be used here: type instead, or use a hand scanner.');
      this.field?.focus();
    }
    this.starting = false;
  }

  async open() {
    if (!navigator.mediaDevices) throw new DOMException('', 'InsecureContext');
    const detector = this.detector();
    detector.catch(() => {});  // awaited below, after the question about the camera is answered
    this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    if (!this.isConnected) return this.stop();
    const video = this.querySelector('video');
    video.srcObject = this.stream;
    await video.play();
    this.read(await detector, video);
  }

  disconnectedCallback() { this.stop(); }

  async detector() {
    const wanted = { formats: ['qr_code'] };
    if ('BarcodeDetector' in window && (await BarcodeDetector.getSupportedFormats()).includes('qr_code')) {
      return new BarcodeDetector(wanted);
    }
    try {
      await loadScript(this.getAttribute('ponyfill'));
      // Left alone it would load its WebAssembly from a public CDN, and only at the first picture.
      const overrides = { locateFile: () => this.getAttribute('wasm') };
      await BarcodeDetectionAPI.prepareZXingModule({ overrides, fireImmediately: true });
    } catch {
      throw new DOMException('', 'NoReader');
    }
    return new BarcodeDetectionAPI.BarcodeDetector(wanted);
  }

  async read(detector, video) {
    if (!this.isConnected || !this.stream) return;
    const [hit] = video.readyState >= 2 ? await detector.detect(video).catch(() => []) : [];
    if (!hit) return setTimeout(() => this.read(detector, video), PAUSE);
    navigator.vibrate?.(60);
    this.setAttribute('state', 'found');
    this.say(`Found ${hit.rawValue}`);
    this.stop();
    this.field.value = hit.rawValue;
    this.field.form.requestSubmit();
  }

  get field() { return document.getElementById(this.getAttribute('for')); }

  say(text) { this.querySelector('[role=status]').textContent = text; }

  stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }
});
