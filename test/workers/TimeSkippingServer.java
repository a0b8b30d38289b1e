import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.temporal.internal.testservice.TestServicesStarter;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/** Temporal's test server on loopback only: its own main class listens on every address. */
public class TimeSkippingServer {
  public static void main(String[] arguments) throws Exception {
    TestServicesStarter services = new TestServicesStarter(true, 0);
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])));
    // The SDKs ping more often than a server takes by default.
    builder.permitKeepAliveTime(1, TimeUnit.SECONDS).permitKeepAliveWithoutCalls(true);
    for (BindableService service : services.getServices()) builder.addService(service);
    Server server = builder.build().start();
    server.awaitTermination();
  }
}
