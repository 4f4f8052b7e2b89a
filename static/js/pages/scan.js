// Reads QR codes with the camera. Native BarcodeDetector on Android, ChromeOS and Mac Chrome; elsewhere the vendored
// ponyfill, whose WebAssembly only this page's policy allows. The typed field always works.
const PAUSE = 120;

const loadScript = (src) => new Promise((resolve, reject) => {
  const script = document.createElement('script');
  Object.assign(script, { src, onload: resolve, onerror: reject });
  document.head.append(script);
});

customElements.define('nx-scanner', class extends HTMLElement {
  connectedCallback() {
    // The counter goes on to the next customer: an answer with `HX-Trigger: scanner:again`, or a button.
    this.again = (event) => {
      if (event.type === 'scanner:again' || event.target.closest?.('[data-scan-again]')) this.start();
    };
    document.addEventListener('scanner:again', this.again);
    document.addEventListener('click', this.again);
    this.start();
  }

  async start() {
    if (this.stream) return;
    this.removeAttribute('state');
    try {
      const [detector, stream] = await Promise.all([
        this.detector(),
        navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } }),
      ]);
      this.stream = stream;
      if (!this.isConnected) return this.stop();
      const video = this.querySelector('video');
      video.srcObject = stream;
      await video.play();
      this.read(detector, video);
    } catch {
      this.setAttribute('state', 'off');
      this.say('No camera here. Type the code, or use a hand scanner.');
      document.getElementById(this.getAttribute('for'))?.focus();
    }
  }

  disconnectedCallback() {
    document.removeEventListener('scanner:again', this.again);
    document.removeEventListener('click', this.again);
    this.stop();
  }

  async detector() {
    const wanted = { formats: ['qr_code'] };
    if ('BarcodeDetector' in window && (await BarcodeDetector.getSupportedFormats()).includes('qr_code')) {
      return new BarcodeDetector(wanted);
    }
    await loadScript(this.getAttribute('ponyfill'));
    // Left alone it would load its WebAssembly from a public CDN.
    BarcodeDetectionAPI.prepareZXingModule({ overrides: { locateFile: () => this.getAttribute('wasm') } });
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
    const input = document.getElementById(this.getAttribute('for'));
    input.value = hit.rawValue;
    input.form.requestSubmit();
  }

  say(text) { this.querySelector('[role=status]').textContent = text; }

  stop() {
    this.stream?.getTracks().forEach((track) => track.stop());
    this.stream = null;
  }
});
