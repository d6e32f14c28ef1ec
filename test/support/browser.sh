#!/bin/sh
# Runs the browser that LINGPAI_TEST_BROWSER names, without what it makes ready for a person at each new window: two pages
# that an address bar would unfold, and a process for the next site. They cost four times the window itself. Of several
# lists of features the last one counts, so this one begins with all that Playwright switches off.
for word do
  case "$word" in
    --disable-features=*)
      set -- "$@" "$word,WebUIOmniboxPopup,WebUIOmniboxAimPopup,SpareRendererForSitePerProcess"
      ;;
  esac
done
exec "$LINGPAI_TEST_BROWSER" "$@"
