<p>SAMPLE: a page without code</p>
